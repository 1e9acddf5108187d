import pLimit from 'p-limit';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import type { ObjectProof } from '../stage/object-proofs.ts';
import type { StateDocument, StateStore } from '../state/state-store.ts';
import { doneSchema } from './attempt-documents.ts';
import { type StagedDocument, toProof } from './staged-document.ts';

/** Documents read at the same time. */
const atOnce = 16;

/** What earlier attempts of the same run proved of objects in the store, by key. */
export async function earlierProofs(
  work: StateStore,
  { run }: Pick<AttemptPlace, 'run'>,
): Promise<ReadonlyMap<string, readonly ObjectProof[]>> {
  const names = (await work.list(`runs/${run}/`)).filter((name) => /^runs\/[^/]+\/[^/]+\/done\/\d+\.json$/.test(name));
  const limit = pLimit(atOnce);
  const proofs = new Map<string, ObjectProof[]>();
  const add = ({ proven }: StagedDocument) => {
    if (proven === undefined) return;
    const known = proofs.get(proven.stat.key) ?? [];
    proofs.set(proven.stat.key, [...known, toProof(proven)]);
  };
  await Promise.all(
    names.map((name) =>
      limit(async () => {
        for (const staged of finishedIn(await work.read(name))) add(staged);
      }),
    ),
  );
  return proofs;
}

/** A document of another version proves nothing. */
function finishedIn(document: StateDocument | undefined): readonly StagedDocument[] {
  if (document === undefined) return [];
  try {
    return doneSchema.safeParse(JSON.parse(document.text)).data?.finished ?? [];
  } catch {
    return [];
  }
}
