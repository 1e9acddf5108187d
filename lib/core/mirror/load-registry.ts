import { registryKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotFound } from '../errors.ts';
import { type Registry, registrySchema } from '../registry/records.ts';
import { type MirrorReader, readWhole } from './mirror-reader.ts';
import { parseRecord, recordLimit } from './read-record.ts';

/** A mirror's registry as one read found it. */
export interface LoadedRegistry {
  readonly registry: Registry;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

/**
 * @throws NotFound where there is no mirror at all, MirrorDamaged for a registry that cannot be understood,
 * NotAuthorised, MirrorError
 */
export async function loadRegistry(reader: MirrorReader, signal?: AbortSignal): Promise<LoadedRegistry> {
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(reader, registryKey, recordLimit, signal);
  } catch (error) {
    if (!(error instanceof NotFound) || reader.shownTo !== undefined) throw error;
    throw new NotFound(`${reader.url} is not a mirror: it has no ${registryKey}`, {
      cause: error,
      hint: /^https?:/i.test(reader.url)
        ? 'Correct the address: that of a mirror is without /registry.json, that of an access API ends in /v1 or /iam/v1.'
        : 'Stage a release into it first, or name another store.',
    });
  }
  return parseRegistry(bytes, `${registryKey} of ${reader.url}`);
}

/** @throws MirrorDamaged */
export function parseRegistry(bytes: Uint8Array, what: string): LoadedRegistry {
  const registry = parseRecord(bytes, registrySchema, 'weighbridge/registry/1', what);
  return { registry, bytes, sha256: Sha256.ofBytes(bytes) };
}
