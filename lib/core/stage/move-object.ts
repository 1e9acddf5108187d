import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import { forever } from '../registry/cache-control.ts';
import { mediaType } from '../registry/media-type.ts';
import type { ResolvedSource } from '../sources/source.ts';
import { CheckpointStore } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import { acquireLease } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import { type ObjectAttributes, type ObjectStat, type Store, StoreError } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import { checkpointSlot } from './checkpoint-slot.ts';
import { hashObject } from './hash-object.ts';
import type { StagePorts } from './stage-ports.ts';

/** One file of a release that is to be in a store, and where its bytes are. */
export interface ObjectMove {
  /** Artifact id, for events. */
  readonly id: string;
  readonly collection: string;
  readonly version: string;
  readonly file: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256;
  /** Base64, where it is known before the first byte is read (a copy of a proven object). */
  readonly crc32c?: string;
  readonly source: ResolvedSource;
  readonly store: Store;
  /** ULID of this execution: who holds the lease. */
  readonly attempt: string;
}

export interface MovedObject {
  /** The object as it is in the store now. */
  readonly stat: ObjectStat;
  /** Base64; null where neither this run nor the store computed it. */
  readonly crc32c: string | null;
}

type MovePorts = Pick<StagePorts, 'state' | 'hashes' | 'signal' | 'reporter' | 'identity' | 'hashStates'>;

/** What is stored beside the bytes of an artifact. */
export function artifactAttributes({
  file,
  sha256,
  size,
  collection,
  version,
}: Pick<ObjectMove, 'file' | 'sha256' | 'size' | 'collection' | 'version'>): ObjectAttributes {
  return {
    contentType: mediaType(file),
    cacheControl: forever,
    metadata: { sha256: sha256.hex, size: String(size), release: releasePrefix(collection, version).slice(0, -1) },
  };
}

/**
 * Moves the bytes of one resolved source to a key of a store, under a lease if they are many; bytes that another
 * run put there meanwhile are adopted when they are the same.
 * @throws SourceError when the source does not deliver them; Refused when other bytes are there.
 */
export async function moveObject(move: ObjectMove, transfer: TransferPorts, ports: MovePorts): Promise<MovedObject> {
  const { store, collection, version, file, size, sha256 } = move;
  const key = artifactKey(collection, version, file);
  const destination = destinationOf(store, key, ports.state);
  const job = {
    id: move.id,
    source: move.source,
    size,
    sha256,
    ...(move.crc32c === undefined ? {} : { crc32c: move.crc32c }),
    store,
    key,
    attributes: artifactAttributes(move),
    checkpoints: checkpointSlot(new CheckpointStore(ports.state), destination, { key, size, sha256: sha256.hex }),
  };
  const leasing = { ...transfer, state: ports.state, identity: ports.identity ?? processIdentity() };
  const moveOnce = () =>
    withLease(destination, size > store.limits.singlePut, move.attempt, leasing, async (leased) => {
      // While this run waited for its turn another one may have finished the object.
      const finished = leased === undefined ? undefined : await store.head(key);
      if (finished !== undefined) return { put: { outcome: 'exists' as const, stat: finished }, crc32c: undefined };
      return await transferObject(job, leased ?? transfer);
    });
  const result = await moveOnce().catch(async (error: unknown) => {
    // A run that slept through its lease: who took over is waited for, or has finished and cleared up already.
    const overtaken = error instanceof StoreError && !ports.signal.aborted && (await store.head(key)) !== undefined;
    if (overtaken || error instanceof TransferTakenOver) return await moveOnce();
    throw error;
  });
  const { put } = result;
  const stat = put.outcome === 'created' ? put.stat : await adopt(put.stat, move, ports);
  return { stat, crc32c: result.crc32c?.base64 ?? stat.crc32c ?? null };
}

/** Small objects take no lease; `work` gets ports whose signal ends when the lease is lost, or undefined without one. */
async function withLease<T>(
  destination: string,
  needed: boolean,
  attempt: string,
  ports: TransferPorts & Required<Pick<StagePorts, 'state' | 'identity'>>,
  work: (leased: TransferPorts | undefined) => Promise<T>,
): Promise<T> {
  if (!needed) return await work(undefined);
  const lease = await acquireLease(ports.state, {
    key: destination,
    owner: { ...ports.identity, attempt },
    clock: ports.clock,
    signal: ports.signal,
    onWait: ({ holder, seconds }) =>
      ports.reporter.emit({ type: 'waiting', what: `process ${holder.pid}, which stages the same file`, seconds }),
  });
  try {
    return await work({ ...ports, signal: AbortSignal.any([ports.signal, lease.lost]) });
  } catch (error) {
    if (lease.lost.aborted && !ports.signal.aborted) {
      throw new TransferTakenOver('another process took this transfer over', { cause: error });
    }
    throw error;
  } finally {
    await lease.release();
  }
}

/** Another writer was first: the same bytes are as good as ours, other bytes end the run. Either way they are read. */
export async function adopt(
  stat: ObjectStat | undefined,
  move: Omit<ObjectMove, 'source'>,
  ports: MovePorts,
): Promise<ObjectStat> {
  const { store, sha256, size, collection, version } = move;
  if (stat === undefined) {
    throw new StoreError(`${artifactKey(collection, version, move.file)} of ${store.url} appeared and vanished`, {
      hint: 'Run the same command again; what was sent is sent once more.',
    });
  }
  if (stat.size === size) {
    const message = `${move.id}: another writer put it there meanwhile; its bytes are read and compared`;
    ports.reporter.emit({ type: 'note', message });
  }
  if (stat.size === size && (await hashObject(store, stat, ports)).equals(sha256)) {
    return stat;
  }
  throw new Refused('released-content', `another run staged other bytes under ${stat.key}`, {
    hint: `Somebody else publishes ${collection}@${version} with other content; take a new version.`,
    evidence: { wanted: sha256.hex },
  });
}
