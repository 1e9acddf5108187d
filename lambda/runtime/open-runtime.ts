import { availableParallelism } from 'node:os';
import { workPrefix } from '../../lib/contract/cloud/state-keys.ts';
import { systemClock } from '../../lib/core/clock.ts';
import { HashPool } from '../../lib/core/digest/hash-pool.ts';
import { UsageError } from '../../lib/core/errors.ts';
import { httpWhenNeeded } from '../../lib/core/http/http-when-needed.ts';
import type { Access } from '../../lib/core/manifest/manifest.ts';
import { openGrantedSources, privateMirrors } from '../../lib/core/pipeline/open-granted-sources.ts';
import type { PipelinePorts } from '../../lib/core/pipeline/pipeline-ports.ts';
import type { OwnBuckets } from '../../lib/core/pipeline/source-refusal.ts';
import { defaultRetryPolicy } from '../../lib/core/retry.ts';
import { sourceBuckets } from '../../lib/core/sources/source-buckets.ts';
import { SourceCache } from '../../lib/core/sources/source-cache.ts';
import { BucketState } from '../../lib/core/state/bucket-state.ts';
import { openBucket } from '../../lib/core/stores/open-bucket.ts';
import { isClocked, type Store } from '../../lib/core/stores/store.ts';
import { MemoryBudget } from '../../lib/core/transfer/memory-budget.ts';
import { bucketClients } from './bucket-clients.ts';
import type { HandlerEnvironment } from './handler-environment.ts';
import { programVersion } from './program-version.ts';
import { type ReadSecret, TokenSecrets } from './token-secrets.ts';

/** Bytes of buffers for all transfers together: the window of one large object; the rest of 512 MiB is Node's. */
const bufferBytes = 72 << 20;

/** Ranges of one object that are read at the same time. */
const rangesPerObject = 8;

/** What differs from call to call. */
export interface Call {
  readonly signal: AbortSignal;
  secondsLeft(): number;
}

/** What lives as long as the function's environment, which Lambda ends without a word: clients, threads, memory. */
export interface Runtime {
  readonly environment: HandlerEnvironment;
  portsFor(call: Call): Promise<PipelinePorts>;
  /** Values that no text may show. */
  secrets(): readonly (string | undefined)[];
}

/** Puts the engine together, once. Nothing is asked of anybody. */
export function openRuntime(environment: HandlerEnvironment): Runtime {
  const { configuration, region, stateBucket } = environment;
  const clock = systemClock;
  const userAgent = `weighbridge/${programVersion()}`;
  const buckets = bucketClients(environment, userAgent);
  const hashes = new HashPool(availableParallelism());
  const memory = new MemoryBudget(bufferBytes);
  // Most runs need no secret, and do not load the client either.
  let reader: Promise<ReadSecret> | undefined;
  const readSecret: ReadSecret = async (secret) => {
    reader ??= import('./read-secret.ts').then(({ secretReader }) => secretReader(region));
    return await (await reader)(secret);
  };
  const tokens = new TokenSecrets(configuration.sources.tokens, readSecret, clock);
  // No proxy: a function has the way that its network gives it, and addresses are checked where they are dialled.
  const http = httpWhenNeeded(async () => {
    const { createHttpClient } = await import('../../lib/core/http/create-http-client.ts');
    return createHttpClient({
      userAgent,
      trustedOrigins: configuration.trustedOrigins,
      credentials: (url) => tokens.credentialFor(url),
    });
  });
  const own = ownBuckets(environment);

  const open = (scheme: 's3' | 'gs', bucket: string, prefix = ''): Promise<Store> =>
    openBucket(
      `${scheme}://${bucket}${prefix === '' ? '' : `/${prefix.replace(/\/$/, '')}`}`,
      { scheme, bucket, prefix },
      { buckets, clock },
    );

  return {
    environment,
    async portsFor({ signal, secondsLeft }) {
      const state = await open('s3', stateBucket);
      const work = await open('s3', stateBucket, workPrefix);
      if (!isClocked(work)) throw new UsageError(`${work.url} has no clock`);
      const sources = {
        configuration,
        own,
        http,
        openBucket: sourceBuckets(buckets, clock),
        inbox: state,
        cache: new SourceCache(),
        privateBuckets: privateMirrors(configuration, own),
      };
      return {
        clock,
        hashes,
        memory,
        retry: defaultRetryPolicy,
        ranges: rangesPerObject,
        signal,
        secondsLeft,
        configuration,
        stateBucket,
        publicUrl: environment.publicUrl,
        state,
        work: new BucketState({ location: work.url, store: work, clock }),
        async openPrimary(access) {
          const bucket = primaryBucket(environment, access);
          return bucket === undefined ? undefined : await open('s3', bucket);
        },
        async openReplica(_, access) {
          const bucket = configuration.gcs?.[access]?.name;
          return bucket === undefined ? undefined : await open('gs', bucket);
        },
        openSources: (spec, use) => openGrantedSources(spec, use, sources),
      };
    },
    secrets() {
      const keys = environment.awsKeys();
      return [...tokens.values, keys?.secretAccessKey, keys?.sessionToken];
    },
  };
}

function primaryBucket({ publicBucket, privateBucket }: HandlerEnvironment, access: Access): string | undefined {
  return access === 'public' ? publicBucket : privateBucket;
}

function ownBuckets({ stateBucket, privateBucket }: HandlerEnvironment): OwnBuckets {
  return { state: `s3://${stateBucket}`, private: privateBucket === undefined ? [] : [`s3://${privateBucket}`] };
}
