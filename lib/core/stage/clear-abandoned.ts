import { CheckpointStore, checkpointName } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import { acquireLease, leaseName } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import type { Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/** Days after which an unfinished upload of another release counts as given up; longer than any pause between attempts. */
const givenUpAfterDays = 7;

/** Seconds to wait for a lease before its holder counts as alive. */
const patience = 0.2;

/**
 * Clears what runs left behind when they died: uploads of this release, now that it is complete, with their
 * checkpoints and leases, and uploads of others after a week. Whatever is leased belongs to somebody at work.
 * @param release its prefix, and the keys of its objects that may have had a checkpoint.
 * @returns notes for the report.
 */
export async function clearAbandoned(
  store: Store,
  release: { readonly prefix: string; readonly keys: readonly string[] },
  attempt: string,
  ports: Pick<StagePorts, 'state' | 'clock' | 'signal'>,
): Promise<readonly string[]> {
  let cleared = 0;
  const oldest = ports.clock.now().getTime() - givenUpAfterDays * 86_400_000;
  for await (const upload of store.uploads('')) {
    if (!upload.key.startsWith(release.prefix) && upload.startedAt.getTime() > oldest) continue;
    if (await discard(destinationOf(store, upload.key, ports.state), () => upload.abort(), attempt, ports))
      cleared += 1;
  }
  const left = new Set([...(await ports.state.list('checkpoints/')), ...(await ports.state.list('leases/'))]);
  for (const key of release.keys) {
    const destination = destinationOf(store, key, ports.state);
    if (!left.has(checkpointName(destination)) && !left.has(leaseName(destination))) continue;
    await discard(destination, async () => undefined, attempt, ports);
  }
  if (cleared === 0) return [];
  return [`Cleaned up ${cleared} unfinished ${cleared === 1 ? 'upload' : 'uploads'} of runs that had died.`];
}

/** False: somebody is at work there. */
async function discard(
  destination: string,
  abort: () => Promise<void>,
  attempt: string,
  { state, clock, signal }: Pick<StagePorts, 'state' | 'clock' | 'signal'>,
): Promise<boolean> {
  try {
    const lease = await acquireLease(state, {
      key: destination,
      owner: { ...processIdentity(), attempt },
      clock,
      signal: AbortSignal.any([signal, AbortSignal.timeout(patience * 1000)]),
    });
    await abort();
    const checkpoints = new CheckpointStore(state);
    await checkpoints.load(destination);
    await checkpoints.clear(destination);
    await lease.release();
    return true;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof DOMException)) throw error;
    return false;
  }
}
