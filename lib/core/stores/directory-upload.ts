import { open } from 'node:fs/promises';
import type { ByteRange } from '../byte-range.ts';
import { explained } from './file-errors.ts';
import { readFileRange } from './file-reader.ts';
import type { KernelLock } from './kernel-lock.ts';
import { PartFile } from './part-file.ts';
import {
  type ObjectStat,
  type PartReceipt,
  type PutResult,
  type RereadableUpload,
  StoreError,
  type UploadRequest,
  type UploadSeal,
} from './store.ts';
import type { UploadFiles, UploadHeader } from './upload-files.ts';

/** Bytes in the page cache after which writing to the disk is set going, so that the sync at the end finds little left to do. */
const flushEvery = 32 * 1024 * 1024;

export interface DirectoryUploadOptions {
  readonly files: UploadFiles;
  readonly header: UploadHeader;
  readonly request: UploadRequest;
  /** Held by this upload until it ends. */
  readonly lock: KernelLock;
  readonly written: ReadonlyMap<number, PartReceipt>;
  readonly count: (kind: 'part' | 'complete' | 'abort') => void;
  /** Gives the synced file its name; false where that is taken. The temporary file is gone afterwards. */
  readonly publish: (temporary: string, key: string) => Promise<boolean>;
  readonly find: (key: string) => Promise<ObjectStat | undefined>;
  /** Called once, when this object no longer holds the upload. */
  readonly onEnd: () => void;
}

/**
 * An upload into a file beside the mirror: parts go straight to their final offsets, and completing it is
 * a sync and a new name. No descriptor stays open between parts, so an upload that is simply dropped costs nothing.
 */
export class DirectoryUpload implements RereadableUpload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  readonly sequential = false;
  readonly #options: DirectoryUploadOptions;
  readonly #file: PartFile;
  readonly #parts: Map<number, PartReceipt>;
  readonly #writing = new Set<Promise<unknown>>();
  #ended = false;
  #unflushed = 0;
  #flush: Promise<void> | undefined;
  #flushFailure: unknown;

  constructor(options: DirectoryUploadOptions) {
    this.#options = options;
    this.key = options.header.key;
    this.id = options.files.id;
    this.request = options.request;
    this.partSize = options.header.partSize;
    this.#file = new PartFile(options.files.data);
    this.#parts = new Map(options.written);
  }

  async parts(): Promise<readonly PartReceipt[]> {
    return [...this.#parts.values()].sort((a, b) => a.number - b.number);
  }

  async writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt> {
    signal.throwIfAborted();
    this.#mustHold();
    const expected = this.#sizeOf(number);
    if (bytes.byteLength !== expected) {
      throw new StoreError(`part ${number} of ${this.key} has ${bytes.byteLength} bytes instead of ${expected}`);
    }
    this.#options.count('part');
    const receipt = { number, size: expected, crc32c };
    const work = explained(`writing ${this.key}`, this.key, async () => {
      const cached = await this.#file.write(bytes, (number - 1) * this.partSize);
      this.#startFlush(cached);
      // After the bytes, so that the journal never claims what is not there.
      await this.#options.files.append({ part: number, size: expected, crc32c });
    });
    await this.#track(work);
    this.#parts.set(number, receipt);
    return receipt;
  }

  async *readBack(range: ByteRange): AsyncGenerator<Uint8Array> {
    this.#mustHold();
    const { data } = this.#options.files;
    const file = await explained(`reading ${this.key}`, this.key, () => open(data, 'r'));
    yield* readFileRange(file, range, this.key, { transient: true });
  }

  async complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult> {
    signal.throwIfAborted();
    this.#mustHold();
    this.#mustBeWhole(seal);
    this.#options.count('complete');
    const { files, publish, find } = this.#options;
    return await explained(`publishing ${this.key}`, this.key, async () => {
      await Promise.allSettled(this.#writing);
      await this.#flush;
      if (this.#flushFailure !== undefined) throw this.#flushFailure;
      await this.#file.sync();
      const created = await publish(files.data, this.key);
      const stat = await find(this.key);
      await files.remove();
      this.#end();
      if (!created) return { outcome: 'exists', stat };
      if (stat === undefined) throw new StoreError(`${this.key} vanished right after it was published`);
      return { outcome: 'created', stat };
    });
  }

  async abort(): Promise<void> {
    this.#options.count('abort');
    this.#ended = true;
    await Promise.allSettled(this.#writing);
    await this.#flush;
    await explained(`removing an upload of ${this.key}`, this.key, () => this.#options.files.remove());
    this.#end();
  }

  async detach(): Promise<void> {
    this.#ended = true;
    await Promise.allSettled(this.#writing);
    await this.#flush;
    this.#end();
  }

  #mustHold(): void {
    if (this.#ended) throw new StoreError(`this upload of ${this.key} has ended, or was taken over`);
  }

  #end(): void {
    this.#ended = true;
    this.#options.lock.release();
    this.#options.onEnd();
  }

  #sizeOf(number: number): number {
    const start = (number - 1) * this.partSize;
    if (!Number.isInteger(number) || number < 1 || start >= this.request.size) {
      throw new StoreError(`${this.key} has no part ${number}`);
    }
    return Math.min(this.partSize, this.request.size - start);
  }

  #mustBeWhole(seal: UploadSeal): void {
    const count = Math.ceil(this.request.size / this.partSize);
    if (seal.size !== this.request.size) {
      throw new StoreError(
        `${this.key} was begun with ${this.request.size} bytes and cannot be completed with ${seal.size}`,
      );
    }
    for (let number = 1; number <= count; number += 1) {
      if (!this.#parts.has(number)) throw new StoreError(`part ${number} of ${this.key} is missing`);
    }
  }

  async #track(work: Promise<void>): Promise<void> {
    this.#writing.add(work);
    try {
      await work;
    } finally {
      this.#writing.delete(work);
    }
  }

  /** A failure is kept for `complete`, because the kernel reports a lost write only once. */
  #startFlush(bytes: number): void {
    this.#unflushed += bytes;
    if (this.#unflushed < flushEvery || this.#flush !== undefined || this.#ended) return;
    this.#unflushed = 0;
    this.#flush = this.#file
      .sync()
      .catch((error: unknown) => {
        this.#flushFailure ??= error;
      })
      .finally(() => {
        this.#flush = undefined;
      });
  }
}
