import { type Checkpoint, CheckpointStore, checkpointName } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import { acquireLease, leaseName } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import { isLocal, type PendingUpload, type Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/** Days after which an unfinished upload of another release counts as given up; longer than any pause between attempts. */
const givenUpAfterDays = 7;

/** Seconds to wait for a lease before its holder counts as alive. */
const patience = 0.2;

/** What this program uploads to: `{collection}/{version}/{file}`. Whatever else has an upload there is not ours to end. */
const ownKey = /^[a-z0-9][a-z0-9._-]{0,126}\/[A-Za-z0-9][^/]{0,255}\/./;

/** A release after a run. */
export interface EndedRelease {
  readonly prefix: string;
  /** Keys of its large objects; while it is incomplete, of those that this run worked on. */
  readonly keys: readonly string[];
  /** Published: nothing that is unfinished is of use any more. */
  readonly complete: boolean;
}

type ClearPorts = Pick<StagePorts, 'state' | 'clock' | 'signal' | 'identity'>;

/**
 * Clears what runs left behind when they died, so that nobody is billed for it. Of a complete release that is
 * every upload, checkpoint and lease; of an incomplete one, uploads to the run's own keys that no checkpoint knows,
 * and that nobody can therefore continue; of others, uploads after a week. Whatever is leased belongs to somebody
 * at work. A folder of this machine knows nothing of the leases and checkpoints of others who upload into the same
 * bucket, so with such a state an incomplete release, too, is left alone for a week. Costs one listing of uploads,
 * and two of the state.
 * @returns notes for the report.
 */
export async function clearAbandoned(
  store: Store,
  release: EndedRelease,
  attempt: string,
  ports: ClearPorts,
): Promise<readonly string[]> {
  let cleared = 0;
  const worked = new Set(release.keys);
  const oldest = ports.clock.now().getTime() - givenUpAfterDays * 86_400_000;
  const isOver = ({ key, startedAt }: PendingUpload) =>
    key.startsWith(release.prefix) ? release.complete : startedAt.getTime() <= oldest && ownKey.test(key);
  const knowsAll = ports.state.shared || isLocal(store);
  const mayBeDead = ({ key, startedAt }: PendingUpload) =>
    worked.has(key) && (knowsAll || startedAt.getTime() <= oldest);
  for await (const upload of store.uploads('')) {
    const over = isOver(upload);
    if (!over && !mayBeDead(upload)) continue;
    // The listing came before the lease: whatever it shows began before.
    await underLease(destinationOf(store, upload.key, ports.state), attempt, ports, async (checkpoints, found) => {
      if (!over && found?.uploadId === upload.id) return;
      await upload.abort();
      cleared += 1;
      if (over) await checkpoints.clear();
    });
  }
  if (release.complete) cleared += await clearState(store, release.keys, attempt, ports);
  if (cleared === 0) return [];
  return [`Cleaned up ${cleared} unfinished ${cleared === 1 ? 'upload' : 'uploads'} of runs that had died.`];
}

/** Leases and checkpoints, and uploads that only a checkpoint knows: sessions of GCS are in no listing. */
async function clearState(store: Store, keys: readonly string[], attempt: string, ports: ClearPorts): Promise<number> {
  if (keys.length === 0) return 0;
  let cleared = 0;
  const left = new Set([...(await ports.state.list('checkpoints/')), ...(await ports.state.list('leases/'))]);
  for (const key of keys) {
    const destination = destinationOf(store, key, ports.state);
    if (!left.has(checkpointName(destination)) && !left.has(leaseName(destination))) continue;
    await underLease(destination, attempt, ports, async (checkpoints, found) => {
      const request = found === undefined ? undefined : { size: found.size };
      const upload = found && request && (await store.resumeUpload(key, found.uploadId, request));
      await upload?.abort();
      if (upload !== undefined) cleared += 1;
      await checkpoints.clear();
    });
  }
  return cleared;
}

/** Does nothing while somebody is at work there. */
async function underLease(
  destination: string,
  attempt: string,
  { state, clock, signal, identity = processIdentity() }: ClearPorts,
  work: (checkpoints: { clear(): Promise<void> }, found: Checkpoint | undefined) => Promise<void>,
): Promise<void> {
  const lease = await acquireLease(state, {
    key: destination,
    owner: { ...identity, attempt },
    clock,
    signal: AbortSignal.any([signal, AbortSignal.timeout(patience * 1000)]),
  }).catch((error: unknown) => {
    signal.throwIfAborted();
    if (!(error instanceof DOMException)) throw error;
    return undefined;
  });
  if (lease === undefined) return;
  try {
    const checkpoints = new CheckpointStore(state);
    const found = await checkpoints.load(destination);
    await work({ clear: () => checkpoints.clear(destination) }, found);
  } finally {
    await lease.release();
  }
}
