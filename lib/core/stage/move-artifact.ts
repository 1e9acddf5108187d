import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { mediaType } from '../registry/media-type.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import type { ResolvedSource } from '../sources/source.ts';
import { CheckpointStore, destinationId } from '../state/checkpoint.ts';
import { acquireLease } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import { type ObjectStat, StoreError } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import { checkpointSlot } from './checkpoint-slot.ts';
import { hashObject } from './hash-object.ts';
import { saysNoLength } from './inspect.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/**
 * Moves the bytes of one resolved source to the artifact's key, under a lease if it is large; bytes that another
 * run put there meanwhile are adopted when they are the same.
 * @throws SourceError when the source does not deliver them; Refused when other bytes are there.
 */
export async function moveArtifact(
  spec: ArtifactSpec,
  source: ResolvedSource,
  size: number | undefined,
  request: StageRequest,
  transfer: TransferPorts,
  ports: StagePorts,
): Promise<ProvenArtifact> {
  const { store, manifest } = request;
  const { sha256 } = spec;
  if (sha256 === undefined) throw new TypeError('an artifact without a digest is not staged');
  if (size === undefined) throw saysNoLength(source);
  const key = artifactKey(manifest.collection, manifest.version, spec.file);
  const destination = destinationId(store.url, key);
  const job = {
    id: spec.id,
    source,
    size,
    sha256,
    store,
    key,
    attributes: {
      contentType: mediaType(spec.file),
      cacheControl: 'public, max-age=31536000, immutable',
      metadata: {
        sha256: sha256.hex,
        size: String(size),
        release: releasePrefix(manifest.collection, manifest.version).slice(0, -1),
      },
    },
    checkpoints: checkpointSlot(new CheckpointStore(ports.state), destination, { key, size, sha256: sha256.hex }),
  };
  const leasing = { ...transfer, state: ports.state };
  const move = () =>
    withLease(destination, size > store.limits.singlePut, request, leasing, async (leased) => {
      // While this run waited for its turn another one may have finished the object.
      const finished = leased === undefined ? undefined : await store.head(key);
      if (finished !== undefined) return { put: { outcome: 'exists' as const, stat: finished }, crc32c: undefined };
      return await transferObject(job, leased ?? transfer);
    });
  const result = await move().catch(async (error: unknown) => {
    // A run that slept through its lease: who took over is waited for, or has finished and cleared up already.
    const overtaken = error instanceof StoreError && !ports.signal.aborted && (await store.head(key)) !== undefined;
    if (overtaken || error instanceof TransferTakenOver) return await move();
    throw error;
  });
  const { put } = result;
  const stat = put.outcome === 'created' ? put.stat : await adopt(put.stat, sha256, size, request, ports);
  return { spec, sha256, stat, crc32c: result.crc32c?.base64 ?? null, origin: null, stagedAt: ports.clock.now() };
}

/** Small objects take no lease; `work` gets ports whose signal ends when the lease is lost, or undefined without one. */
async function withLease<T>(
  destination: string,
  needed: boolean,
  request: StageRequest,
  ports: TransferPorts & Pick<StagePorts, 'state'>,
  work: (leased: TransferPorts | undefined) => Promise<T>,
): Promise<T> {
  if (!needed) return await work(undefined);
  const lease = await acquireLease(ports.state, {
    key: destination,
    owner: { ...processIdentity(), attempt: request.attempt },
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

/** Another writer was first: the same bytes are as good as ours, other bytes end the run. */
async function adopt(
  stat: ObjectStat | undefined,
  sha256: Sha256,
  size: number,
  request: StageRequest,
  ports: StagePorts,
): Promise<ObjectStat> {
  if (stat !== undefined && stat.size === size && (await hashObject(request.store, stat, ports)).equals(sha256)) {
    return stat;
  }
  const { collection, version } = request.manifest;
  throw new Refused('released-content', `another run staged other bytes under ${stat?.key ?? collection}`, {
    hint: `Somebody else publishes ${collection}@${version} with other content; take a new version.`,
    evidence: { wanted: sha256.hex },
  });
}
