import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import { WeighbridgeError } from '../errors.ts';
import { clearAbandoned } from './clear-abandoned.ts';
import type { RunProgress } from './run-progress.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/**
 * Clears up in the primary after a run.
 * @param complete Is the release published?
 * @returns notes for the report.
 */
export async function clearAfterRun(
  { manifest, store, attempt }: StageRequest,
  progress: RunProgress,
  complete: boolean,
  ports: StagePorts,
): Promise<readonly string[]> {
  const { collection, version } = manifest;
  const states = ['staged', 'copied', 'failed'];
  const tried = new Set(
    progress.staged.filter(({ report }) => states.includes(report.state)).map(({ report }) => report.id),
  );
  const keys = manifest.artifacts
    .filter(({ id, size }) => (size === undefined || size > store.limits.singlePut) && (complete || tried.has(id)))
    .map(({ file }) => artifactKey(collection, version, file));
  if (!complete && keys.length === 0) return [];
  const release = { prefix: releasePrefix(collection, version), keys, complete };
  return await clearAbandoned(store, release, attempt, ports).catch((error: unknown) => {
    ports.signal.throwIfAborted();
    // Why the run failed is what its report is to say.
    if (complete || !(error instanceof WeighbridgeError)) throw error;
    return [`What it left unfinished could not be cleaned up: ${error.message}`];
  });
}
