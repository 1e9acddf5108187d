import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import type { Sha256 } from '../digest/sha256.ts';
import { Refused, WeighbridgeError } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { mediaType } from '../registry/media-type.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import { sentences } from '../sentences.ts';
import { type ResolvedSource, SourceError } from '../sources/source.ts';
import { StoreSource } from '../sources/store-source.ts';
import { CheckpointStore, destinationId } from '../state/checkpoint.ts';
import { acquireLease } from '../state/lease.ts';
import { processIdentity } from '../state/process-identity.ts';
import { type ObjectStat, StoreError } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { transferObject } from '../transfer/transfer-object.ts';
import { checkpointSlot } from './checkpoint-slot.ts';
import { hashObject } from './hash-object.ts';
import { type Finding, saysNoLength } from './inspect.ts';
import type { ArtifactReport, ArtifactState } from './report.ts';
import type { SourceWalk } from './source-walk.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/** What became of one artifact. */
export interface StagedArtifact {
  /** Undefined when its bytes are not in the store. */
  readonly proven: ProvenArtifact | undefined;
  readonly report: ArtifactReport;
}

/** Brings one artifact into the store, from wherever the finding says, trying every source. */
export async function stageArtifact(
  spec: ArtifactSpec,
  finding: Finding,
  request: StageRequest,
  ports: StagePorts,
): Promise<StagedArtifact> {
  const started = ports.clock.now().getTime();
  let bytesFetched = 0;
  const counting: TransferPorts = { ...ports, onFetched: (bytes) => (bytesFetched += bytes) };
  const finish = (state: ArtifactState, more: Outcome): StagedArtifact => {
    const size = more.proven?.stat.size ?? spec.size ?? null;
    ports.reporter.emit({
      type: 'artifact-finished',
      id: spec.id,
      state,
      bytes: size ?? 0,
      ...(more.reason === undefined ? {} : { reason: more.reason }),
    });
    return {
      proven: more.proven,
      report: {
        id: spec.id,
        file: spec.file,
        state,
        required: spec.required,
        size,
        sha256: spec.sha256?.hex ?? null,
        bytesFetched,
        seconds: Math.round(ports.clock.now().getTime() - started) / 1000,
        source: more.source ?? null,
        attempts: more.walk?.attempts ?? [],
        ...(more.reason === undefined ? {} : { reason: more.reason }),
      },
    };
  };
  switch (finding.kind) {
    case 'present':
      return finish('present', { proven: finding.proven });
    case 'unresolved':
      return finish('unresolved', { reason: finding.reason });
    case 'left-out':
      return finish('skipped', { reason: finding.reason });
    case 'damaged':
      return finish('failed', { reason: finding.reason });
    case 'unavailable':
      return finish('failed', { reason: finding.reason, walk: finding.walk });
    case 'copy': {
      const copied = await copyInStore(spec, finding, request, counting, ports);
      if (copied !== undefined) return finish('copied', { proven: copied, source: null, walk: finding.walk });
      break;
    }
    case 'fetch':
      break;
  }
  const fetched = await fetchFromSources(spec, finding.walk, request, counting, ports).catch((error: unknown) => {
    // The store's trouble with one object: the others go on.
    if (error instanceof StoreError || error instanceof TransferTakenOver) return error;
    throw error;
  });
  if (fetched instanceof WeighbridgeError) {
    return finish('failed', { reason: sentences([fetched.message, fetched.hint]), walk: finding.walk });
  }
  if (fetched === undefined) return finish('failed', { reason: finding.walk.reason, walk: finding.walk });
  return finish('staged', { proven: fetched.proven, source: fetched.source, walk: finding.walk });
}

interface Outcome {
  readonly proven?: ProvenArtifact;
  readonly source?: string | null;
  readonly walk?: SourceWalk;
  readonly reason?: string;
}

async function fetchFromSources(
  spec: ArtifactSpec,
  walk: SourceWalk,
  request: StageRequest,
  transfer: TransferPorts,
  ports: StagePorts,
): Promise<{ readonly proven: ProvenArtifact; readonly source: string } | undefined> {
  for (let source = await walk.resolved(); source !== undefined; source = await walk.resolved()) {
    const { description } = source;
    const size = spec.size ?? description.size;
    ports.reporter.emit({ type: 'artifact-started', id: spec.id, bytes: size, source: description.source });
    try {
      const proven = await moveOne(spec, source, size, request, transfer, ports);
      walk.succeeded(source);
      const origin = {
        source: description.source,
        revision: description.revision ?? null,
        etag: etagOf(description.version),
      };
      return { source: description.source, proven: { ...proven, origin } };
    } catch (error) {
      walk.failed(error);
    }
  }
  return undefined;
}

/** Only an ETag is one: a date, or what tells versions of a local file apart, means nothing to readers of a record. */
function etagOf(version: string | undefined): string | null {
  return version !== undefined && /^(?:W\/)?"/.test(version) ? version : null;
}

/** Undefined when the object that was to be copied is gone or not what its release says: upstream is asked then. */
async function copyInStore(
  spec: ArtifactSpec,
  finding: Extract<Finding, { kind: 'copy' }>,
  request: StageRequest,
  transfer: TransferPorts,
  ports: StagePorts,
): Promise<ProvenArtifact | undefined> {
  const { from } = finding;
  ports.reporter.emit({ type: 'artifact-started', id: spec.id, bytes: from.size, source: from.key });
  try {
    const source = await new StoreSource(request.store, from.key).resolve();
    const { size } = source.description;
    if (spec.size !== undefined && size !== spec.size) {
      throw new SourceError('wrong-size', `it has ${size} bytes, the manifest says ${spec.size}`);
    }
    // Bytes read from this store are no fetched bytes.
    const local = { ...transfer, onFetched: () => undefined };
    return await moveOne(spec, source, source.description.size, request, local, ports);
  } catch (error) {
    ports.signal.throwIfAborted();
    // Only a saving was lost. What is wrong with the store itself, the transfer from upstream meets as well.
    const harmless = error instanceof WeighbridgeError && !(error instanceof Refused);
    if (!harmless) throw error;
    ports.reporter.emit({ type: 'note', message: `${from.key} could not be copied: ${error.message}` });
    return undefined;
  }
}

async function moveOne(
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
