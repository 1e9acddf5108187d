import { Refused, WeighbridgeError } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import { sentences } from '../sentences.ts';
import { SourceError } from '../sources/source.ts';
import { StoreSource } from '../sources/store-source.ts';
import { StoreError } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { copyOnServer } from './copy-on-server.ts';
import type { Finding } from './inspect.ts';
import { moveArtifact } from './move-artifact.ts';
import type { ArtifactReport, ArtifactState } from './report.ts';
import type { SourceWalk } from './source-walk.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/** What became of one artifact. */
export interface StagedArtifact {
  /** Undefined when its bytes are not in the store. */
  readonly proven: ProvenArtifact | undefined;
  readonly report: ArtifactReport;
  /** The store's own trouble, where that is why: a later attempt may succeed. */
  readonly error?: WeighbridgeError;
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
  const onFetched = (bytes: number) => {
    bytesFetched += bytes;
    ports.countFetched?.(spec.id, bytes);
  };
  const counting: TransferPorts = { ...ports, onFetched };
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
      ...(more.error === undefined ? {} : { error: more.error }),
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
    const reason = sentences([fetched.message, fetched.hint]);
    return finish('failed', { reason, walk: finding.walk, error: fetched });
  }
  if (fetched === undefined) return finish('failed', { reason: finding.walk.reason, walk: finding.walk });
  return finish('staged', { proven: fetched.proven, source: fetched.source, walk: finding.walk });
}

interface Outcome {
  readonly proven?: ProvenArtifact;
  readonly source?: string | null;
  readonly walk?: SourceWalk;
  readonly reason?: string;
  readonly error?: WeighbridgeError;
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
      const proven = await moveArtifact(spec, source, size, request, transfer, ports);
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
    const onServer = await copyOnServer(spec, from, request, ports);
    if (onServer !== undefined) return onServer;
    const source = await new StoreSource(request.store, from.key).resolve();
    const { size } = source.description;
    if (spec.size !== undefined && size !== spec.size) {
      throw new SourceError('wrong-size', `it has ${size} bytes, the manifest says ${spec.size}`);
    }
    // Bytes read from this store are no fetched bytes.
    const local = { ...transfer, onFetched: () => undefined };
    return await moveArtifact(spec, source, source.description.size, request, local, ports);
  } catch (error) {
    ports.signal.throwIfAborted();
    // Only a saving was lost. What is wrong with the store itself, the transfer from upstream meets as well.
    const harmless = error instanceof WeighbridgeError && !(error instanceof Refused);
    if (!harmless) throw error;
    ports.reporter.emit({ type: 'note', message: `${from.key} could not be copied: ${error.message}` });
    return undefined;
  }
}
