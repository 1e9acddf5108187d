import { registryKey } from '../../contract/keys.ts';
import { NotAuthorised, NotFound, type WeighbridgeError } from '../errors.ts';
import type { FindingKind, VerifyResult } from './finding.ts';

/** What a replica that could not be compared comes to: one finding, so that what is known of other stores is kept. */
export function unreachedReplica(store: string, quick: boolean, error: WeighbridgeError): VerifyResult {
  const details = { release: null, file: registryKey, expected: null, actual: null };
  const message = error.hint === undefined ? error.message : `${error.message}. ${error.hint}`;
  return {
    ok: false,
    store,
    quick,
    releases: [],
    findings: [{ store, ...details, kind: kindOf(error), message }],
    notes: [],
    bytesHashed: 0,
    seconds: 0,
  };
}

function kindOf(error: WeighbridgeError): FindingKind {
  if (error instanceof NotAuthorised) return 'refused';
  return error instanceof NotFound ? 'missing' : 'unreadable';
}
