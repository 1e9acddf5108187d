import type { ByteRange } from '../byte-range.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotAuthorised } from '../errors.ts';
import type { BucketUse } from '../stores/bucket-access.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { isVersioned } from '../stores/versioned.ts';
import { boundedBody } from './bounded-body.ts';
import { formatBucketSource } from './bucket-source.ts';
import { bucketSourceError } from './bucket-source-error.ts';
import { pointerLimit } from './content-sniff.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import type { PrivateBuckets } from './private-buckets.ts';
import { type ResolvedSource, type Source, type SourceDescription, SourceError } from './source.ts';
import type { GoogleStorageRef, S3Ref } from './source-ref.ts';
import { withheldCredential } from './withheld-credential.ts';

/** The whole of a bucket as a store without prefix, opened once for each use. */
export type OpenBucket = (
  place: Pick<S3Ref | GoogleStorageRef, 'scheme' | 'bucket'>,
  use: Exclude<BucketUse, 'store'>,
) => Promise<Store>;

export interface BucketObjectOptions {
  readonly openBucket: OpenBucket;
  readonly expect: SourceExpectation;
  /** The credentials that must not be used for these bytes; undefined where they may. */
  readonly withheld: 'AWS' | 'GOOGLE' | undefined;
  /** Mirrors whose objects must not be read, because the bytes become public. */
  readonly refused: PrivateBuckets | undefined;
}

interface Found {
  readonly store: Store;
  readonly stat: ObjectStat;
  /** What reads are bound to; undefined where they are bound to the ETag. */
  readonly version: string | undefined;
}

/** May versions be read there? Asked once for each bucket and use. */
const versionsReadable = new WeakMap<Store, Promise<boolean>>();

/** An object of S3 or Cloud Storage, bound to its version id or generation, or to its ETag where there is none. */
export class BucketObjectSource implements Source {
  readonly uri: string;
  private readonly ref: S3Ref | GoogleStorageRef;
  private readonly options: BucketObjectOptions;

  constructor(ref: S3Ref | GoogleStorageRef, options: BucketObjectOptions) {
    this.uri = formatBucketSource(ref);
    this.ref = ref;
    this.options = options;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    const { expect } = this.options;
    const found = await this.find(signal);
    await this.refusePrivate(found);
    const { version } = found;
    const description: SourceDescription = {
      source: formatBucketSource(this.pinned(version)),
      size: found.stat.size,
      version: version ?? found.stat.etag,
      revision: version,
      // What the store computed, never the metadata: that is whatever somebody wrote there.
      sha256: found.stat.sha256 === undefined ? undefined : Sha256.parse(found.stat.sha256),
      mediaType: undefined,
    };
    const read = (range: ByteRange | undefined, at: AbortSignal) => this.read(found, range, at);
    // So short a body may be a Git LFS pointer, unless the manifest says that it is so short: reading is looking.
    if (found.stat.size < pointerLimit && found.stat.size !== expect.size) {
      for await (const _ of read(undefined, signal));
    }
    checkDescription(description, expect);
    return { description, ranges: true, cheapToReread: false, read };
  }

  /**
   * Looks with the operator's credentials, where they may be used, and without: a public bucket needs none, and an
   * account may be barred from what everybody else may read.
   */
  private async find(signal: AbortSignal): Promise<Found> {
    const { withheld } = this.options;
    signal.throwIfAborted();
    if (withheld !== undefined) {
      return await this.look('anonymous').catch((error: unknown) => {
        const failure = this.failure(error);
        throw failure instanceof SourceError ? withheldCredential(failure, withheld) : failure;
      });
    }
    try {
      return await this.look('source');
    } catch (error) {
      if (!(error instanceof NotAuthorised)) throw this.failure(error);
      return await this.look('anonymous').catch((second: unknown) => {
        throw this.failure(second instanceof NotAuthorised ? error : second);
      });
    }
  }

  private async look(use: Exclude<BucketUse, 'store'>): Promise<Found> {
    const store = await this.options.openBucket(this.ref, use);
    const { key } = this.ref;
    const wanted = this.ref.scheme === 's3' ? this.ref.versionId : this.ref.generation;
    if (wanted !== undefined && !isVersioned(store)) {
      throw new SourceError('unsupported', `${this.uri}: ${store.url} keeps no versions`);
    }
    const stat =
      wanted === undefined || !isVersioned(store) ? await store.head(key) : await store.headVersion(key, wanted);
    if (stat !== undefined) {
      const readable = wanted !== undefined || (await mayReadVersions(store, stat));
      return { store, stat, version: readable ? stat.version : undefined };
    }
    throw new SourceError(
      'missing',
      `${this.uri} is not there${wanted === undefined ? '' : ', or that version is gone'}`,
    );
  }

  private async refusePrivate({ store, stat }: Found): Promise<void> {
    const { scheme, bucket, key } = this.ref;
    const object = { scheme, bucket, key, release: stat.metadata?.release };
    let why: string | undefined;
    try {
      why = await this.options.refused?.refusal(object, store);
    } catch (error) {
      throw this.failure(error);
    }
    if (why === undefined) return;
    throw new SourceError('forbidden', `${this.uri} ${why}; this release is public`, {
      hint: 'Say "access: private", or take the file from where it came from.',
    });
  }

  private async *read(
    { store, stat, version }: Found,
    range: ByteRange = { start: 0, end: stat.size },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    if (range.end > stat.size) throw new SourceError('wrong-size', `${this.uri} has only ${stat.size} bytes`);
    const bound = version === undefined ? { etag: stat.etag } : { version };
    const bounds = {
      expected: range.end - range.start,
      source: this.uri,
      expect: range.start === 0 ? this.options.expect : undefined,
    };
    try {
      yield* boundedBody({ body: store.read(this.ref.key, { range, signal, ...bound }) }, bounds);
    } catch (error) {
      signal.throwIfAborted();
      throw this.failure(error, true);
    }
  }

  private failure(error: unknown, reading = false): unknown {
    return bucketSourceError(error, { uri: this.uri, reading });
  }

  private pinned(version: string | undefined): S3Ref | GoogleStorageRef {
    if (version === undefined) return this.ref;
    return this.ref.scheme === 's3' ? { ...this.ref, versionId: version } : { ...this.ref, generation: version };
  }
}

/**
 * Reading S3 by version id needs a permission of its own (`s3:GetObjectVersion`), which public buckets seldom give.
 * A pin that cannot be followed would make a manifest useless.
 */
async function mayReadVersions(store: Store, { key, version }: ObjectStat): Promise<boolean> {
  if (version === undefined || store.kind !== 's3' || !isVersioned(store)) return version !== undefined;
  const known =
    versionsReadable.get(store) ??
    store.headVersion(key, version).then(
      (stat) => stat !== undefined,
      (error: unknown) => {
        if (error instanceof NotAuthorised) return false;
        throw error;
      },
    );
  versionsReadable.set(store, known);
  known.catch(() => versionsReadable.delete(store));
  return await known;
}
