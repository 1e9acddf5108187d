import { CheckpointStore, destinationId } from '../state/checkpoint.ts';
import { acquireLease } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import type { Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/** Days after which an unfinished upload of another release counts as given up; longer than any pause between attempts. */
const givenUpAfterDays = 7;

/** Seconds to wait for a lease before its holder counts as alive. */
const patience = 0.2;

/**
 * Aborts uploads that runs left behind when they died: of this release, now that it is complete, and of others
 * after a week. Those whose lease is held belong to somebody at work.
 * @returns notes for the report.
 */
export async function clearAbandoned(
  store: Store,
  prefix: string,
  attempt: string,
  ports: Pick<StagePorts, 'state' | 'clock' | 'signal'>,
): Promise<readonly string[]> {
  let cleared = 0;
  const oldest = ports.clock.now().getTime() - givenUpAfterDays * 86_400_000;
  for await (const upload of store.uploads('')) {
    if (!upload.key.startsWith(prefix) && upload.startedAt.getTime() > oldest) continue;
    const destination = destinationId(store.url, upload.key);
    try {
      const lease = await acquireLease(ports.state, {
        key: destination,
        owner: { ...processIdentity(), attempt },
        clock: ports.clock,
        signal: AbortSignal.any([ports.signal, AbortSignal.timeout(patience * 1000)]),
      });
      await upload.abort();
      const checkpoints = new CheckpointStore(ports.state);
      await checkpoints.load(destination);
      await checkpoints.clear(destination);
      await lease.release();
      cleared += 1;
    } catch (error) {
      ports.signal.throwIfAborted();
      if (!(error instanceof DOMException)) throw error;
    }
  }
  if (cleared === 0) return [];
  return [`Cleaned up ${cleared} unfinished ${cleared === 1 ? 'upload' : 'uploads'} of runs that had died.`];
}
