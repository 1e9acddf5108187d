import type { Storage } from '@google-cloud/storage';
import type { Dispatcher } from 'undici';
import { type Clock, systemClock } from '../clock.ts';
import type { GcsSettings } from './bucket-access.ts';
import { GcsChannel } from './gcs-channel.ts';
import { copyObject, copyProvenObject } from './gcs-copy.ts';
import { listObjects } from './gcs-list.ts';
import { statOf } from './gcs-object.ts';
import { type GcsPlace, lookAt } from './gcs-place.ts';
import { presignGet } from './gcs-presign.ts';
import { putObject } from './gcs-put.ts';
import { getObject, readObject } from './gcs-read.ts';
import { checkBucketSettings } from './gcs-settings.ts';
import { GcsUpload } from './gcs-upload.ts';
import { gcsChunkSize, gcsLimits, preferredPart } from './part-sizes.ts';
import { RequestCounter } from './request-counter.ts';
import type { ServerCopying } from './server-copying.ts';
import {
  type Clocked,
  type Configured,
  type ObjectAttributes,
  type ObjectStat,
  type PendingUpload,
  type PresignedUrl,
  type Presigning,
  type PresignRequest,
  type PutCondition,
  type PutResult,
  type ReadOptions,
  type Store,
  type StoredObject,
  StoreError,
  type StoreLimits,
  type Upload,
  type UploadRequest,
} from './store.ts';
import type { Versioned } from './versioned.ts';

export interface GcsStoreOptions {
  /** As the user wrote it. */
  readonly url: string;
  readonly bucket: string;
  /** Empty, or `path/`. */
  readonly prefix: string;
  readonly storage: Storage;
  readonly settings?: GcsSettings;
  readonly clock?: Clock;
  /** Bytes; rounded up to a multiple of 256 KiB. */
  readonly partSize?: number;
  /** The way to the endpoint, such as through a proxy; straight when absent. */
  readonly dispatcher?: Dispatcher;
  /** Called with the count of bytes of every piece of a body that arrived. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/**
 * A bucket of Google Cloud Storage, by its JSON API. Conditions compare generations, so the tag of an object is its
 * generation, as is its version. Uploads are sessions that take their parts in order.
 */
export class GcsStore implements Store, Presigning, Clocked, Configured, ServerCopying, Versioned {
  readonly url: string;
  readonly kind = 'gcs';
  readonly limits: StoreLimits;
  readonly #options: GcsStoreOptions;
  readonly #clock: Clock;
  readonly #counter = new RequestCounter();
  readonly #place: GcsPlace;
  /** Newest generations seen of objects that are replaced, which are few. */
  readonly #newest = new Map<string, string>();

  constructor(options: GcsStoreOptions) {
    const { url, bucket, prefix, storage, settings = {}, clock = systemClock } = options;
    const { dispatcher, onReceived } = options;
    this.url = url;
    this.#options = options;
    this.#clock = clock;
    const channel = new GcsChannel({ storage, bucket, counter: this.#counter, clock, dispatcher, onReceived });
    this.#place = { url, channel, prefix, settings };
    const partSize = gcsChunkSize(options.partSize);
    this.limits = { maxObject: gcsLimits.maxObject, singlePut: preferredPart, partSize: () => partSize };
  }

  get requests() {
    return this.#counter.counts;
  }

  async head(key: string): Promise<ObjectStat | undefined> {
    const found = await lookAt(this.#place, key);
    return found === undefined ? undefined : statOf(found, key);
  }

  async headVersion(key: string, version: string): Promise<ObjectStat | undefined> {
    const found = await lookAt(this.#place, key, { generation: version });
    return found === undefined ? undefined : statOf(found, key);
  }

  async get(key: string, limit: number): Promise<StoredObject | undefined> {
    return await getObject(this.#place, key, limit, this.#newest.get(key));
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    yield* readObject(this.#place, key, options);
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    yield* listObjects(this.#place, prefix);
  }

  async put(
    key: string,
    bytes: Uint8Array,
    condition: PutCondition,
    attributes: ObjectAttributes = {},
  ): Promise<PutResult> {
    const result = await putObject(this.#place, key, bytes, condition, attributes);
    if ('ifMatch' in condition && result.stat !== undefined) this.#newest.set(key, result.stat.etag);
    return result;
  }

  async beginUpload(key: string, request: UploadRequest): Promise<Upload> {
    return await GcsUpload.begin(this.#place, key, request, this.limits.partSize(request.size));
  }

  async resumeUpload(key: string, id: string, request: UploadRequest): Promise<Upload | undefined> {
    return await GcsUpload.resume(this.#place, key, id, request);
  }

  async copyWithin(from: ObjectStat, toKey: string, attributes: ObjectAttributes = {}): Promise<PutResult> {
    return await copyObject(this.#place, from, toKey, attributes);
  }

  async copyProven(
    from: ObjectStat,
    toKey: string,
    crc32c: string,
    attributes: ObjectAttributes,
    signal?: AbortSignal,
  ): Promise<PutResult> {
    return await copyProvenObject(this.#place, from, toKey, crc32c, attributes, signal);
  }

  /**
   * None: GCS cannot list upload sessions. One that nobody finishes is not billed and expires after a week; until
   * then only its checkpoint knows it.
   */
  uploads(_prefix: string): AsyncIterable<PendingUpload> {
    return { [Symbol.asyncIterator]: () => ({ next: async () => ({ done: true, value: undefined }) }) };
  }

  async presign(key: string, request: PresignRequest): Promise<PresignedUrl> {
    const { storage, bucket, prefix } = this.#options;
    return await presignGet({ storage, bucket, clock: this.#clock }, prefix + key, request);
  }

  /** The `Date` of an answer, which has whole seconds. */
  async now(): Promise<Date> {
    const { channel, prefix } = this.#place;
    const at = channel.objectPath(`${prefix}registry.json`);
    const reply = await channel.send({
      kind: 'head',
      doing: 'asking for the time',
      method: 'GET',
      at,
      query: { fields: 'generation' },
    });
    const time = Date.parse(reply.header('date') ?? '');
    if (Number.isNaN(time)) throw new StoreError(`asking for the time: ${this.url} does not say it`);
    return new Date(time);
  }

  async checkSettings(): Promise<readonly string[]> {
    return await checkBucketSettings(this.#place);
  }
}
