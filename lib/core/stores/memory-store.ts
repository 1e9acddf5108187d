import { ulid } from 'ulid';
import { type Clock, systemClock } from '../clock.ts';
import { NotFound } from '../errors.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { MemoryBucket, type MemoryPending, type MemoryVersion } from './memory-bucket.ts';
import { MemoryUpload, RereadableMemoryUpload } from './memory-upload.ts';
import { RequestCounter } from './request-counter.ts';
import {
  type Clocked,
  changedMeanwhile,
  type ObjectAttributes,
  type ObjectStat,
  type PendingUpload,
  type PutCondition,
  type PutResult,
  type ReadOptions,
  type Store,
  type StoredObject,
  StoreError,
  type StoreLimits,
  tooLarge,
  type Upload,
  type UploadRequest,
} from './store.ts';

/** Bytes handed out at a time, so that readers meet more than one piece. */
const chunk = 256 * 1024;

export interface MemoryStoreOptions {
  readonly url?: string;
  /** Shared by the stores that are to see the same objects. */
  readonly bucket?: MemoryBucket;
  /** Bytes; 8 MiB when absent. */
  readonly partSize?: number;
  /** Bytes; 8 MiB when absent. */
  readonly singlePut?: number;
  /** Parts must come in order, as in GCS. */
  readonly sequential?: boolean;
  /** Parts can be read back, as in a directory. */
  readonly rereadable?: boolean;
  /** Bytes; 2 GiB when absent. */
  readonly maxObject?: number;
  readonly clock?: Clock;
}

/** A store in memory that keeps versions, checksums and metadata, as a cloud bucket does. For tests and trials. */
export class MemoryStore implements Store, Clocked {
  readonly url: string;
  readonly kind = 'memory';
  readonly limits: StoreLimits;
  readonly bucket: MemoryBucket;
  readonly #options: MemoryStoreOptions;
  readonly #clock: Clock;
  readonly #counter = new RequestCounter();

  constructor(options: MemoryStoreOptions = {}) {
    this.url = options.url ?? 'memory:';
    this.bucket = options.bucket ?? new MemoryBucket();
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    const standard = 8 * 1024 * 1024;
    const { partSize = standard, singlePut = standard, maxObject = 2 ** 31 } = options;
    this.limits = { maxObject, singlePut, partSize: () => partSize };
  }

  get requests() {
    return this.#counter.counts;
  }

  async now(): Promise<Date> {
    return this.#clock.now();
  }

  async head(key: string): Promise<ObjectStat | undefined> {
    this.#counter.add('head');
    return this.bucket.latest(key)?.stat;
  }

  async get(key: string, limit: number): Promise<StoredObject | undefined> {
    this.#counter.add('get');
    const found = this.bucket.latest(key);
    if (found === undefined) return undefined;
    if (found.stat.size > limit) throw tooLarge(key, this.url, limit);
    return { stat: found.stat, bytes: found.bytes.slice() };
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    this.#counter.add('get');
    const { bytes, stat } = this.#readable(key, options);
    const { start, end } = options.range ?? { start: 0, end: stat.size };
    if (start < 0 || start > end || end > stat.size) {
      throw new StoreError(`${key} has ${stat.size} bytes, not the range ${start} to ${end}`);
    }
    for (let at = start; at < end; at += chunk) {
      options.signal?.throwIfAborted();
      yield bytes.slice(at, Math.min(end, at + chunk));
    }
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    const keys = this.bucket.keys().filter((key) => key.startsWith(prefix));
    // As a cloud bucket answers: by the thousand, and once where there is nothing.
    if (keys.length === 0) this.#counter.add('list');
    for (const [index, key] of keys.sort(compareUtf8).entries()) {
      if (index % 1000 === 0) this.#counter.add('list');
      const found = this.bucket.latest(key)?.stat;
      if (found === undefined) continue;
      const { metadata: _, ...stat } = found;
      yield stat;
    }
  }

  async put(
    key: string,
    bytes: Uint8Array,
    condition: PutCondition,
    attributes: ObjectAttributes = {},
  ): Promise<PutResult> {
    this.#counter.add('put');
    return this.bucket.put(key, bytes, condition, attributes);
  }

  async beginUpload(key: string, request: UploadRequest): Promise<Upload> {
    const now = this.#clock.now();
    const pending = { id: ulid(now.getTime()), key, request, startedAt: now, parts: new Map() };
    this.bucket.uploads.set(pending.id, pending);
    return this.#upload(pending);
  }

  async resumeUpload(key: string, id: string, request: UploadRequest): Promise<Upload | undefined> {
    const pending = this.bucket.uploads.get(id);
    return pending?.key === key && pending.request.size === request.size ? this.#upload(pending) : undefined;
  }

  async copyWithin(from: ObjectStat, toKey: string, attributes: ObjectAttributes = {}): Promise<PutResult> {
    this.#counter.add('copy');
    const version = from.version === undefined ? {} : { version: from.version };
    const { bytes } = this.#readable(from.key, { etag: from.etag, ...version });
    return this.bucket.put(toKey, bytes, { ifAbsent: true }, attributes);
  }

  async *uploads(prefix: string): AsyncGenerator<PendingUpload> {
    this.#counter.add('list');
    for (const pending of [...this.bucket.uploads.values()]) {
      if (!pending.key.startsWith(prefix)) continue;
      const { key, id, startedAt } = pending;
      yield { key, id, startedAt, abort: () => this.#upload(pending).abort() };
    }
  }

  #readable(key: string, { version, etag }: ReadOptions): MemoryVersion {
    const found = version === undefined ? this.bucket.latest(key) : this.bucket.version(key, version);
    if (found === undefined) throw new NotFound(`${key} is not in ${this.url}`, { evidence: { key } });
    if (etag !== undefined && etag !== found.stat.etag) {
      throw changedMeanwhile(key);
    }
    return found;
  }

  #upload(pending: MemoryPending): Upload {
    const options = {
      bucket: this.bucket,
      pending,
      partSize: this.limits.partSize(pending.request.size),
      sequential: this.#options.sequential ?? false,
      count: (kind: 'part' | 'complete' | 'abort') => this.#counter.add(kind),
    };
    return this.#options.rereadable ? new RereadableMemoryUpload(options) : new MemoryUpload(options);
  }
}
