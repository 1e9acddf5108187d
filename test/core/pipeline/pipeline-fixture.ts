import { ulid } from 'ulid';
import { cloudSchema } from '../../../lib/contract/cloud/cloud-configuration.ts';
import { type RuntimeConfiguration, runtimeConfigurationSchema } from '../../../lib/contract/cloud/deployment.ts';
import type { PlanInput } from '../../../lib/contract/cloud/payloads.ts';
import { submissionKey } from '../../../lib/contract/cloud/state-keys.ts';
import { systemClock } from '../../../lib/core/clock.ts';
import { HashPool } from '../../../lib/core/digest/hash-pool.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { createHttpClient } from '../../../lib/core/http/create-http-client.ts';
import { openGrantedSources, privateMirrors } from '../../../lib/core/pipeline/open-granted-sources.ts';
import type { PipelinePorts } from '../../../lib/core/pipeline/pipeline-ports.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import { runId } from '../../../lib/core/stage/run-progress.ts';
import { BucketState } from '../../../lib/core/state/bucket-state.ts';
import type { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type Clocked, type Store, StoreError } from '../../../lib/core/stores/store.ts';
import { MemoryBudget } from '../../../lib/core/transfer/memory-budget.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

/** Bytes: small, so that an object of a MiB has many parts. */
export const partSize = 64 * 1024;
const sizes = { partSize, singlePut: 32 * 1024 };

export interface TestArtifact {
  readonly id: string;
  readonly bytes: Uint8Array;
  /** URLs; by default its own path of the upstream, where its bytes are then served. */
  readonly sources?: readonly string[];
  readonly required?: boolean;
  readonly sha256?: string;
}

export interface TestManifest {
  readonly collection?: string;
  readonly version?: string;
  readonly access?: 'public' | 'private';
  readonly description?: string;
}

export interface SubmitOptions {
  readonly kind?: 'manifest' | 'policy';
  readonly publisher?: string;
  readonly run?: string;
  readonly attempt?: string;
  readonly execution?: string;
  readonly text?: string;
}

/** The pipeline over stores in memory and a real upstream. Close it. */
export class PipelineFixture {
  readonly upstream: Upstream;
  readonly mirror = new MemoryStore({ ...sizes, url: 's3://mirror-public' });
  readonly privateMirror = new MemoryStore({ ...sizes, url: 's3://mirror-private' });
  readonly replica = new MemoryStore({ ...sizes, url: 'gs://replica', sequential: true });
  readonly state = new MemoryStore({ url: 's3://state' });
  readonly working = new MemoryStore({ url: 's3://state/working' });
  configuration: RuntimeConfiguration;
  /** What stands between the passes and a store; the store itself by default. */
  around: <S extends Store & Clocked>(store: S) => Store & Clocked = (store) => store;
  replicaIsDown = false;
  secondsLeft: () => number = () => 600;
  private readonly hashes = new HashPool(2);
  private readonly http;
  private readonly memory = new MemoryBudget(16 << 20);
  private clocks = Date.now();

  private constructor(upstream: Upstream) {
    this.upstream = upstream;
    this.configuration = testConfiguration(upstream.origin);
    this.http = createHttpClient({ userAgent: 'weighbridge/test', trustedOrigins: [upstream.origin] });
  }

  static async start(): Promise<PipelineFixture> {
    return new PipelineFixture(await startUpstream());
  }

  configure(more: Partial<RuntimeConfiguration>): void {
    this.configuration = { ...this.configuration, ...more };
  }

  /** Ports of one call, as a function gets them. */
  ports(signal: AbortSignal = new AbortController().signal): PipelinePorts {
    const own = { state: 's3://state', private: ['s3://mirror-private'] };
    const { configuration, http } = this;
    const sources = {
      configuration,
      own,
      http,
      openBucket: () => Promise.reject(new StoreError('there are no buckets here')),
      inbox: this.state,
      cache: new SourceCache(),
      privateBuckets: privateMirrors(configuration, own),
    };
    return {
      clock: systemClock,
      hashes: this.hashes,
      memory: this.memory,
      retry: { attempts: 3, base: 0.001, cap: 0.01, budget: 1000 },
      ranges: 4,
      signal,
      secondsLeft: () => this.secondsLeft(),
      configuration,
      stateBucket: 'state',
      publicUrl: 'https://weights.example.org',
      state: this.around(this.state),
      work: new BucketState({ location: 's3://state/working', store: this.around(this.working) }),
      openPrimary: async (access) => this.around(access === 'public' ? this.mirror : this.privateMirror),
      openReplica: async (_, access) => {
        if (access === 'private') return undefined;
        return this.replicaIsDown ? unreachable(this.replica) : this.around(this.replica);
      },
      openSources: (spec, use) => openGrantedSources(spec, use, sources),
    };
  }

  /** YAML of a manifest; the upstream serves what it names. */
  manifest(artifacts: readonly TestArtifact[], more: TestManifest = {}): string {
    const entries = artifacts.map(({ id, bytes, sources, required = true, sha256 }) => {
      if (sources === undefined) this.upstream.put(`/${id}`, bytes);
      return {
        id,
        file: `${id}.bin`,
        sources: sources ?? [this.upstream.url(`/${id}`)],
        sha256: sha256 ?? Sha256.ofBytes(bytes).hex,
        size: bytes.byteLength,
        required,
      };
    });
    const head = { collection: 'models', version: '1.0.0', access: 'public', ...more };
    return JSON.stringify({ weighbridge: 1, ...head, artifacts: entries });
  }

  /** Puts a submission into the state bucket, as `submit` does. @returns what the event rule starts an execution with. */
  async submit(manifest: string, options: SubmitOptions = {}): Promise<PlanInput & { readonly execution: string }> {
    this.clocks += 1000;
    const { publisher = 'team', attempt = ulid(this.clocks) } = options;
    const { kind = 'manifest' } = options;
    const access = manifest.includes('"access":"private"') ? 'private' : 'public';
    const store = access === 'public' ? this.mirror : this.privateMirror;
    const url = kind === 'policy' ? this.state.url : store.url;
    const run = options.run ?? runId(Sha256.ofBytes(manifest), url);
    const key = submissionKey({ publisher, run, attempt });
    const submission = {
      format: 1,
      kind,
      file: kind === 'policy' ? 'manifests/access.yaml' : 'manifests/models/1.0.0.yaml',
      content: Buffer.from(manifest).toString('base64'),
      commit: 'a'.repeat(40),
      repository: 'https://example.org/models.git',
      submittedAt: new Date().toISOString(),
      weighbridge: 'test',
    };
    const text = options.text ?? JSON.stringify(submission);
    const put = await this.state.put(key, Buffer.from(text), { ifAbsent: true });
    const versionId = put.stat?.version ?? '';
    return { bucket: 'state', key, versionId, execution: options.execution ?? `arn:execution:${attempt}` };
  }

  async close(): Promise<void> {
    await this.hashes.close();
    await this.http.close();
    await this.upstream.close();
  }
}

function testConfiguration(origin: string): RuntimeConfiguration {
  const { pipeline } = cloudSchema.parse({});
  return runtimeConfigurationSchema.parse({
    name: 'weighbridge',
    environment: null,
    publishers: {
      team: { principals: ['arn:aws:iam::123456789012:role/people'], collections: ['models', 'falcon-*'] },
      keepers: { principals: ['arn:aws:iam::123456789012:role/keepers'], collections: ['falcon-*'], policy: true },
    },
    sources: { hosts: ['127.0.0.1'], tokens: {} },
    replicas: [],
    trustedOrigins: [origin],
    placeholders: [],
    pipeline,
    statusPage: true,
    metrics: false,
  });
}

/** A store whose server is gone. */
function unreachable(store: MemoryStore): Store {
  const fails = () => Promise.reject(new StoreError(`${store.url} does not answer`, { retryable: true }));
  const failsWhileRead = () => ({ [Symbol.asyncIterator]: () => ({ next: fails }) });
  const { url, kind, limits, requests } = store;
  return {
    url,
    kind,
    limits,
    requests,
    head: fails,
    get: fails,
    put: fails,
    beginUpload: fails,
    resumeUpload: fails,
    copyWithin: fails,
    read: failsWhileRead,
    list: failsWhileRead,
    uploads: failsWhileRead,
  };
}

/** The bytes of an object, undefined where there is none. */
export function stored(bucket: MemoryBucket, key: string): Uint8Array | undefined {
  return bucket.latest(key)?.bytes;
}
