import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { clearAbandoned } from '../stage/clear-abandoned.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import type { ReplicaRequest } from './copy-artifacts.ts';
import type { PrimaryRelease } from './primary-release.ts';
import type { ReplicaProgress } from './replica-progress.ts';

/**
 * Clears up in a replica after a run. What it holds does not depend on whether that can be done.
 * @param complete Is the release published there?
 */
export async function clearReplica(
  { collection, version }: PrimaryRelease,
  artifacts: readonly ReleaseArtifact[],
  complete: boolean,
  { store, attempt }: Pick<ReplicaRequest, 'store' | 'attempt'>,
  ports: StagePorts,
  progress: ReplicaProgress,
): Promise<void> {
  const large = artifacts.filter(({ size }) => size > store.limits.singlePut);
  if (!complete && large.length === 0) return;
  const keys = large.map(({ file }) => artifactKey(collection, version, file));
  const release = { prefix: releasePrefix(collection, version), keys, complete };
  try {
    progress.notes.push(...(await clearAbandoned(store, release, attempt, ports)));
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    progress.notes.push(`What runs left unfinished in ${store.url} could not be cleaned up: ${error.message}`);
  }
}
