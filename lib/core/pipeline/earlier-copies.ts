import pLimit from 'p-limit';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import type { ProvenObject } from '../stage/object-proofs.ts';
import type { StateStore } from '../state/state-store.ts';
import { type ReplicatedDocument, replicatedSchema } from './attempt-documents.ts';

/** Documents read at the same time. */
const atOnce = 16;

/** What attempts of the same run copied into a replica, and proved on the way, by key. */
export async function earlierCopies(
  work: StateStore,
  { run }: Pick<AttemptPlace, 'run'>,
  replica: string,
): Promise<ReadonlyMap<string, readonly ProvenObject[]>> {
  const names = await work.list(`runs/${run}/`);
  const limit = pLimit(atOnce);
  const documents = await Promise.all(
    names
      .filter((name) => /\/replicated\/\d+\.json$/.test(name))
      .map((name) => limit(async () => parse((await work.read(name))?.text))),
  );
  const proofs = new Map<string, ProvenObject[]>();
  for (const document of documents) {
    if (document?.replica !== replica) continue;
    for (const { sha256, stat } of Object.values(document.copied)) {
      proofs.set(stat.key, [...(proofs.get(stat.key) ?? []), { sha256, stat: toStat(stat) }]);
    }
  }
  return proofs;
}

export function toStat({
  key,
  size,
  etag,
  version,
}: ReplicatedDocument['copied'][string]['stat']): ProvenObject['stat'] {
  return { key, size, etag, ...(version === undefined ? {} : { version }) };
}

/** A document of another version proves nothing. */
function parse(text: string | undefined): ReplicatedDocument | undefined {
  if (text === undefined) return undefined;
  try {
    return replicatedSchema.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}
