import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { CoreEvent } from '../../lib/core/events.ts';
import type { ArtifactSpec, Manifest } from '../../lib/core/manifest/manifest.ts';
import { type Source, SourceError } from '../../lib/core/sources/source.ts';
import type { StagePorts, StageRequest } from '../../lib/core/stage/stage-ports.ts';
import { stageRelease } from '../../lib/core/stage/stage-release.ts';
import { MemoryState } from '../../lib/core/state/memory-state.ts';
import type { Store } from '../../lib/core/stores/store.ts';
import { scriptedSource } from './scripted-source.ts';
import { transferPorts } from './transfer-ports.ts';

/** Upstream in memory: bytes by URI. What is not in it is missing. */
export type Upstream = Map<string, Uint8Array>;

export function artifact(id: string, bytes: Uint8Array, more: Partial<ArtifactSpec> = {}): ArtifactSpec {
  const uri = `https://upstream.example/${id}`;
  return {
    id,
    aliases: [],
    kind: 'checkpoint',
    file: `${id}.bin`,
    sources: [{ scheme: 'https', uri, url: new URL(uri) }],
    sha256: Sha256.ofBytes(bytes),
    size: bytes.length,
    digestFrom: 'declared',
    required: true,
    labels: {},
    metadata: undefined,
    ...more,
  };
}

export function manifest(artifacts: readonly ArtifactSpec[], more: Partial<Manifest> = {}): Manifest {
  return {
    collection: 'models',
    version: '1.0.0',
    versioning: 'semver',
    access: 'public',
    license: undefined,
    homepage: undefined,
    description: undefined,
    metadata: undefined,
    artifacts,
    ...more,
  };
}

export interface StageFixture {
  readonly upstream: Upstream;
  readonly ports: StagePorts;
  readonly events: CoreEvent[];
  stage(manifest: Manifest, store: Store, more?: Partial<StageRequest>): ReturnType<typeof stageRelease>;
  close(): Promise<void>;
}

/** Staging with sources in memory and everything else real. */
export function stageFixture(more: Partial<StagePorts> = {}): StageFixture {
  const upstream: Upstream = new Map();
  const transfer = transferPorts();
  const ports: StagePorts = {
    ...transfer,
    state: new MemoryState(),
    openSources: (spec) => spec.sources.map((ref) => memorySource(ref.uri, upstream)),
    ...more,
  };
  let attempts = 0;
  return {
    upstream,
    ports,
    events: transfer.events,
    stage(wanted, store, request = {}) {
      attempts += 1;
      return stageRelease(
        {
          manifest: wanted,
          manifestSha256: Sha256.ofBytes('manifest'),
          store,
          attempt: `attempt-${attempts}`,
          concurrency: 4,
          maxBytes: undefined,
          warnings: [],
          ...request,
        },
        ports,
      );
    },
    close: () => transfer.hashes.close(),
  };
}

function memorySource(uri: string, upstream: Upstream): Source {
  return {
    uri,
    async resolve() {
      const bytes = upstream.get(uri);
      if (bytes === undefined) throw new SourceError('missing', `${uri} is not there (HTTP 404)`);
      return scriptedSource({ bytes, name: uri });
    },
  };
}
