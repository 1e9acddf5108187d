import { Sha256 } from '../digest/sha256.ts';
import type { WeighbridgeError } from '../errors.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { sentences } from '../sentences.ts';
import { SourceError } from '../sources/source.ts';
import { StoreSource } from '../sources/store-source.ts';
import { lanesBySize } from '../stage/lanes-by-size.ts';
import { moveObject } from '../stage/move-object.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { type ObjectStat, type Store, StoreError } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { PrimaryRelease } from './primary-release.ts';
import type { ReplicaProgress } from './replica-progress.ts';

/** Artifacts that fail one after the other before a replica counts as gone: it must not cost each its whole retries. */
const givesUpAfter = 8;

export interface ReplicaRequest {
  readonly store: Store;
  /** ULID of this execution. */
  readonly attempt: string;
  /** Large artifacts moved at once; small ones go four times as many. */
  readonly concurrency: number;
}

/**
 * Copies artifacts from the primary, proven on the way like any transfer. What failed is in `progress` and does
 * not end the others.
 * @returns what is there now, by file.
 * @throws what makes the replica unusable: a refusal, lost credentials, an interruption.
 */
export async function copyArtifacts(
  primary: PrimaryRelease,
  artifacts: readonly ReleaseArtifact[],
  request: ReplicaRequest,
  ports: StagePorts,
  progress: ReplicaProgress,
): Promise<ReadonlyMap<string, ObjectStat>> {
  const failure = new AbortController();
  const stoppable = { ...ports, signal: AbortSignal.any([ports.signal, failure.signal]) };
  const turn = lanesBySize(request.concurrency);
  const copied = new Map<string, ObjectStat>();
  let failedInARow = 0;
  const copy = async (artifact: ReleaseArtifact) => {
    if (failure.signal.aborted) return;
    try {
      copied.set(artifact.file, await copyArtifact(primary, artifact, request, stoppable));
      failedInARow = 0;
      progress.artifacts += 1;
      progress.bytes += artifact.size;
      ports.reporter.emit({ type: 'artifact-finished', id: artifact.id, state: 'copied', bytes: artifact.size });
    } catch (error) {
      if (failure.signal.aborted || !isOneArtifacts(error) || ports.signal.aborted) return failure.abort(error);
      failedInARow += 1;
      const reason = sentences([error.message, error.hint]);
      progress.failed.push({ file: artifact.file, reason });
      const told = `${request.store.url}: ${reason}`;
      ports.reporter.emit({ type: 'artifact-finished', id: artifact.id, state: 'failed', bytes: 0, reason: told });
      if (failedInARow >= givesUpAfter) failure.abort(error);
    }
  };
  await Promise.all(artifacts.map((artifact) => turn(artifact.size, () => copy(artifact))));
  ports.signal.throwIfAborted();
  failure.signal.throwIfAborted();
  return copied;
}

/** Trouble with one object, of which the others need know nothing. */
export function isOneArtifacts(error: unknown): error is WeighbridgeError {
  return error instanceof StoreError || error instanceof SourceError || error instanceof TransferTakenOver;
}

/**
 * Copies one artifact from the primary, proven on the way.
 * @throws StoreError, SourceError, TransferTakenOver: this one's trouble; Refused, NotAuthorised or the signal's reason.
 */
export async function copyArtifact(
  primary: PrimaryRelease,
  artifact: ReleaseArtifact,
  request: Pick<ReplicaRequest, 'store' | 'attempt'>,
  ports: StagePorts,
): Promise<ObjectStat> {
  const { id, file, path, size } = artifact;
  // What a checkpoint remembers of its source must be the same in every attempt, so large objects are always asked.
  const known = size <= request.store.limits.singlePut ? primary.stats.get(file) : undefined;
  const source = await new StoreSource(primary.store, path, known).resolve();
  ports.reporter.emit({ type: 'artifact-started', id, bytes: size, source: source.description.source });
  if (source.description.size !== size) {
    throw new SourceError('wrong-size', `${path} of ${primary.store.url} has not the ${size} bytes of its release`);
  }
  const { collection, version } = primary;
  const { stat } = await moveObject(
    {
      id,
      collection,
      version,
      file,
      size,
      sha256: Sha256.of(artifact.sha256),
      ...(artifact.crc32c === null ? {} : { crc32c: artifact.crc32c }),
      source,
      store: request.store,
      attempt: request.attempt,
    },
    // Bytes read from the primary are no fetched bytes.
    { ...ports, onFetched: () => undefined },
    ports,
  );
  return stat;
}
