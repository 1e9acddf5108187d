import type { StagedArtifact } from '../stage/stage-artifact.ts';
import type { Survey } from '../stage/survey.ts';
import type { Store } from '../stores/store.ts';

/**
 * Compares what was proven with what the store lists now, by size and tag; where a listing differs, the object itself
 * is asked. What is gone or another object since is no longer proven, and failed.
 */
export async function compareStaged(
  staged: readonly StagedArtifact[],
  survey: Survey,
  store: Store,
): Promise<readonly StagedArtifact[]> {
  const compared: StagedArtifact[] = [];
  for (const one of staged) {
    const { proven } = one;
    const listed = proven === undefined ? undefined : survey.objects.get(proven.spec.file);
    const same = listed !== undefined && listed.size === proven?.stat.size && listed.etag === proven.stat.etag;
    compared.push(proven === undefined || same || (await isStill(proven.stat, store)) ? one : lost(one));
  }
  return compared;
}

async function isStill(
  { key, size, etag, version }: { key: string; size: number; etag: string; version?: string },
  store: Store,
) {
  const now = await store.head(key);
  return now !== undefined && now.size === size && now.etag === etag && (version ?? now.version) === now.version;
}

function lost({ report }: StagedArtifact): StagedArtifact {
  const reason = 'it was put into the store and proven, and is gone or another object since; submit it again';
  return { proven: undefined, report: { ...report, state: 'failed', reason } };
}
