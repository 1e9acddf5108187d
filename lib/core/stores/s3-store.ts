import type { S3Client } from '@aws-sdk/client-s3';
import { rangeLength } from '../byte-range.ts';
import { type Clock, systemClock } from '../clock.ts';
import { defaultRetryPolicy, type RetryPolicy } from '../retry.ts';
import type { S3Settings } from './bucket-access.ts';
import { partRange, preferredPart, s3Limits, s3PartSize } from './part-sizes.ts';
import { S3Bucket } from './s3-bucket.ts';
import { copyObject } from './s3-copy.ts';
import { abortUpload, createUpload, listParts, listUploads } from './s3-parts.ts';
import { presignObject } from './s3-presign.ts';
import { getObject, headObject, headVersion, listObjects, readObject } from './s3-reads.ts';
import { checkBucket } from './s3-settings.ts';
import { S3Upload } from './s3-upload.ts';
import { putObject } from './s3-writes.ts';
import type { ServerCopying } from './server-copying.ts';
import type {
  Clocked,
  Configured,
  ObjectAttributes,
  ObjectStat,
  PendingUpload,
  PresignedUrl,
  Presigning,
  PresignRequest,
  PutCondition,
  PutResult,
  ReadOptions,
  Store,
  StoredObject,
  StoreLimits,
  Upload,
  UploadRequest,
} from './store.ts';
import type { Versioned } from './versioned.ts';

export interface S3StoreOptions {
  /** As the user wrote it. */
  readonly url: string;
  readonly bucket: string;
  /** Empty, or ends in a slash. */
  readonly prefix: string;
  /** From `createS3Client`. */
  readonly client: S3Client;
  readonly settings?: S3Settings;
  readonly clock?: Clock;
  readonly policy?: RetryPolicy;
  /** Called with the count of bytes of every piece of an object that arrived. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
  /** Bytes; 16 MiB when absent, at least 5 MiB. */
  readonly partSize?: number;
  /**
   * For who may write and not read: `head` finds nothing, and a put or completion that meets an object at its key
   * answers `exists` without saying which.
   * @default false
   */
  readonly writeOnly?: boolean | undefined;
}

/** S3 slows down for minutes while it splits a prefix that became busy, so tries are many and short. */
export const s3RetryPolicy: RetryPolicy = { ...defaultRetryPolicy, attempts: 8, base: 0.25, cap: 20 };

/** A bucket of S3, or of a server that speaks its protocol, from a prefix on. */
export class S3Store implements Store, Presigning, Clocked, Configured, ServerCopying, Versioned {
  readonly url: string;
  readonly kind = 's3';
  readonly limits: StoreLimits;
  readonly #bucket: S3Bucket;

  constructor(options: S3StoreOptions) {
    const { url, bucket, prefix, client, settings = {}, clock = systemClock, policy = s3RetryPolicy } = options;
    const { onReceived, writeOnly } = options;
    this.url = url;
    this.#bucket = new S3Bucket({ url, bucket, prefix, client, settings, clock, policy, onReceived, writeOnly });
    this.limits = {
      maxObject: s3Limits.maxObject,
      singlePut: preferredPart,
      partSize: (size) => s3PartSize(size, options.partSize),
    };
  }

  get requests() {
    return this.#bucket.counter.counts;
  }

  head(key: string): Promise<ObjectStat | undefined> {
    return headObject(this.#bucket, key);
  }

  headVersion(key: string, version: string): Promise<ObjectStat | undefined> {
    return headVersion(this.#bucket, key, version);
  }

  get(key: string, limit: number): Promise<StoredObject | undefined> {
    return getObject(this.#bucket, key, limit);
  }

  read(key: string, options: ReadOptions = {}): AsyncIterable<Uint8Array> {
    return readObject(this.#bucket, key, options);
  }

  list(prefix: string): AsyncIterable<ObjectStat> {
    return listObjects(this.#bucket, prefix);
  }

  put(key: string, bytes: Uint8Array, condition: PutCondition, attributes: ObjectAttributes = {}): Promise<PutResult> {
    return putObject(this.#bucket, key, bytes, condition, attributes);
  }

  async beginUpload(key: string, request: UploadRequest): Promise<Upload> {
    const id = await createUpload(this.#bucket, key, request);
    return new S3Upload({ bucket: this.#bucket, key, id, request, partSize: this.limits.partSize(request.size) });
  }

  /** S3 keeps neither size nor part size with an upload: whether it fits is seen by its parts, if it has any. */
  async resumeUpload(key: string, id: string, request: UploadRequest): Promise<Upload | undefined> {
    const listed = await listParts(this.#bucket, key, id);
    const partSize = this.limits.partSize(request.size);
    const fits = listed?.every(({ number, size }) => size === rangeLength(partRange(number, request.size, partSize)));
    if (listed === undefined || fits !== true) return undefined;
    return new S3Upload({ bucket: this.#bucket, key, id, request, partSize, listed });
  }

  copyWithin(from: ObjectStat, toKey: string, attributes: ObjectAttributes = {}): Promise<PutResult> {
    return copyObject(this.#bucket, from, toKey, undefined, attributes);
  }

  copyProven(
    from: ObjectStat,
    toKey: string,
    crc32c: string,
    attributes: ObjectAttributes,
    signal?: AbortSignal,
  ): Promise<PutResult> {
    return copyObject(this.#bucket, from, toKey, crc32c, attributes, signal);
  }

  async *uploads(prefix: string): AsyncGenerator<PendingUpload> {
    for await (const upload of listUploads(this.#bucket, prefix)) {
      yield { ...upload, abort: () => abortUpload(this.#bucket, upload.key, upload.id) };
    }
  }

  presign(key: string, request: PresignRequest): Promise<PresignedUrl> {
    return presignObject(this.#bucket, key, request);
  }

  now(): Promise<Date> {
    return this.#bucket.serverTime();
  }

  checkSettings(): Promise<readonly string[]> {
    return checkBucket(this.#bucket);
  }
}
