import { Refused, WeighbridgeError } from '../errors.ts';
import { sentences } from '../sentences.ts';
import type { ReleaseState, StoreReport } from '../stage/report.ts';
import type { RunProgress } from '../stage/run-progress.ts';
import type { StagePorts, StageRequest } from '../stage/stage-ports.ts';
import type { Store } from '../stores/store.ts';
import { type PrimaryRelease, readPrimary } from './primary-release.ts';
import { newReplicaProgress, type ReplicaProgress } from './replica-progress.ts';
import { replicateRelease } from './replicate-release.ts';

/**
 * Completes every replica of a release that the primary has published. They go one after the other: each then has
 * all buffers and the whole line to itself, and an interruption leaves some complete and not all half done. One
 * that fails does not keep the next from its turn. A run that did not publish touches none of them.
 */
export async function replicatePublished(
  request: StageRequest,
  ports: StagePorts,
  progress: RunProgress,
): Promise<void> {
  const replicas = request.replicas ?? [];
  if (progress.error !== undefined || !isPublished(progress.state)) {
    progress.replicas = replicas.map((store) =>
      untouched(store, `not touched, because staging into ${request.store.url} did not succeed`),
    );
    return;
  }
  const stats = new Map(progress.staged.flatMap(({ proven }) => (proven ? [[proven.spec.file, proven.stat]] : [])));
  const { attempt, concurrency, manifest } = request;
  const stores: StoreReport[] = [];
  let primary: PrimaryRelease | undefined;
  for (const store of replicas) {
    const done = newReplicaProgress();
    let error: WeighbridgeError | undefined;
    try {
      ports.signal.throwIfAborted();
      ports.reporter.emit({ type: 'phase', phase: 'replicate', store: store.url });
      primary ??= await readPrimary(request.store, manifest, stats);
      await replicateRelease(primary, manifest.access, { store, attempt, concurrency }, ports, done);
    } catch (thrown) {
      // Whatever an interruption made fail, the interruption is what happened.
      const reason: unknown = ports.signal.aborted ? ports.signal.reason : thrown;
      if (!(reason instanceof WeighbridgeError)) throw reason;
      error = reason;
      if (ports.signal.aborted) progress.error = error;
    }
    stores.push(storeReport(store, done, error));
    progress.notes.push(...done.notes);
  }
  progress.replicas = stores;
}

/** The run's own state: published as soon as one store received the release, degraded while one lacks it. */
export function stateOfAll({ state, replicas }: RunProgress): ReleaseState {
  if (!isPublished(state)) return state;
  const states = replicas.map((replica) => replica.state);
  if (!states.every(isPublished)) return 'degraded';
  return states.includes('published') ? 'published' : state;
}

function isPublished(state: ReleaseState): boolean {
  return state === 'published' || state === 'present';
}

/** The entry of a replica that the run did not get to. */
function untouched(store: Store, reason: string): StoreReport {
  return { store: store.url, state: 'failed', requests: { ...store.requests }, copied: nothing, reason };
}

const nothing = { artifacts: 0, bytes: 0 };

function storeReport(store: Store, progress: ReplicaProgress, error: WeighbridgeError | undefined): StoreReport {
  const { artifacts, bytes, failed, listedBefore, published } = progress;
  const reason = error === undefined ? failureOf(failed) : reasonOf(error);
  const done = error === undefined && failed.length === 0 && published;
  return {
    store: store.url,
    state: done ? (listedBefore ? 'present' : 'published') : error instanceof Refused ? 'refused' : 'failed',
    requests: { ...store.requests },
    copied: { artifacts, bytes },
    ...(reason === undefined ? {} : { reason }),
  };
}

function failureOf(failed: ReplicaProgress['failed']): string | undefined {
  const [first] = failed;
  if (first === undefined) return undefined;
  const others = failed.length === 1 ? '' : ` (and ${failed.length - 1} more)`;
  return `${first.file}${others}: ${first.reason}`;
}

/** A hint that names the option of the primary is none for a replica. */
function reasonOf(error: WeighbridgeError): string {
  const hint = error instanceof Refused && error.reason === 'access-class' ? 'Name another replica.' : error.hint;
  return sentences([error.message, hint]);
}
