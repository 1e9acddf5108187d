import pLimit from 'p-limit';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { proofOf } from '../stage/object-proofs.ts';
import { pinObject } from '../stage/pin-object.ts';
import type { StageRequest } from '../stage/stage-ports.ts';
import type { Survey } from '../stage/survey.ts';

/** Objects of the store looked at at the same time. */
const looks = 16;

/**
 * The survey with objects that an earlier attempt proved as they are now. The same bytes put back have the same tag in
 * a listing, and another version: that proof is of an object which may be gone.
 */
export async function withProven(
  artifacts: readonly ArtifactSpec[],
  survey: Survey,
  { store, proofs }: StageRequest,
): Promise<Survey> {
  const objects = new Map(survey.objects);
  const limit = pLimit(looks);
  const look = async (file: string) => {
    const listed = survey.objects.get(file);
    if (listed === undefined || !proofs?.has(listed.key) || isRecorded(file, survey)) return;
    const stat = await pinObject(store, listed);
    if (stat === undefined) objects.delete(file);
    else objects.set(file, stat);
  };
  await Promise.all(artifacts.map(({ file }) => limit(() => look(file))));
  return { ...survey, objects };
}

/**
 * Is it in the store with nothing that vouches for its bytes? It is then read in a transfer: planning has one pass, and
 * large objects take hours.
 */
export function isUnproven({ file, sha256, size }: ArtifactSpec, survey: Survey, { proofs }: StageRequest): boolean {
  const listed = survey.objects.get(file);
  if (listed === undefined || sha256 === undefined) return false;
  if (survey.decided !== undefined && !survey.decided.has(file)) return false;
  if (isRecorded(file, survey)) return false;
  if (listed.size !== (survey.recorded.get(file)?.size ?? size ?? listed.size)) return false;
  return proofOf(proofs, listed)?.sha256 !== sha256.hex;
}

function isRecorded(file: string, { objects, objectsRecord, recorded }: Survey): boolean {
  return recorded.has(file) && objectsRecord[file]?.etag === objects.get(file)?.etag;
}
