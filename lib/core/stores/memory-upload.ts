import type { ByteRange } from '../byte-range.ts';
import { Crc32c } from '../digest/crc32c.ts';
import type { MemoryBucket, MemoryPending } from './memory-bucket.ts';
import {
  type PartReceipt,
  type PutResult,
  type RereadableUpload,
  StoreError,
  type Upload,
  type UploadRequest,
  type UploadSeal,
} from './store.ts';

export interface MemoryUploadOptions {
  readonly bucket: MemoryBucket;
  readonly pending: MemoryPending;
  readonly partSize: number;
  readonly sequential: boolean;
  readonly count: (kind: 'part' | 'complete' | 'abort') => void;
}

/** An upload into a `MemoryBucket`; as in S3, its parts cannot be read back. */
export class MemoryUpload implements Upload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  readonly sequential: boolean;
  protected readonly pending: MemoryPending;
  readonly #options: MemoryUploadOptions;

  constructor(options: MemoryUploadOptions) {
    this.#options = options;
    this.pending = options.pending;
    this.key = options.pending.key;
    this.id = options.pending.id;
    this.request = options.pending.request;
    this.partSize = options.partSize;
    this.sequential = options.sequential;
  }

  async parts(): Promise<readonly PartReceipt[]> {
    return [...this.pending.parts.values()]
      .map(({ number, size, crc32c }) => ({ number, size, crc32c }))
      .sort((a, b) => a.number - b.number);
  }

  async writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt> {
    signal.throwIfAborted();
    this.#mustBePending();
    this.#options.count('part');
    const start = (number - 1) * this.partSize;
    const size = Math.min(this.partSize, this.request.size - start);
    if (!Number.isInteger(number) || number < 1 || size <= 0) throw new StoreError(`${this.key} has no part ${number}`);
    if (bytes.byteLength !== size) {
      throw new StoreError(`part ${number} of ${this.key} has ${bytes.byteLength} bytes instead of ${size}`);
    }
    if (this.sequential && number > this.pending.parts.size + 1) {
      throw new StoreError(`part ${number} of ${this.key} came before part ${this.pending.parts.size + 1}`);
    }
    const copy = new Uint8Array(bytes);
    if (Crc32c.ofBytes(copy).base64 !== crc32c)
      throw new StoreError(`part ${number} of ${this.key} has another checksum`);
    this.pending.parts.set(number, { number, size, crc32c, bytes: copy });
    return { number, size, crc32c };
  }

  async complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult> {
    signal.throwIfAborted();
    this.#mustBePending();
    this.#options.count('complete');
    const bytes = this.#whole(seal);
    const { bucket } = this.#options;
    bucket.uploads.delete(this.id);
    return bucket.put(this.key, bytes, { ifAbsent: true }, this.request);
  }

  async abort(): Promise<void> {
    this.#options.count('abort');
    this.#options.bucket.uploads.delete(this.id);
  }

  #mustBePending(): void {
    if (this.#options.bucket.uploads.has(this.id)) return;
    throw new StoreError(`the upload of ${this.key} is gone`, { freshUpload: true });
  }

  #whole(seal: UploadSeal): Uint8Array {
    const bytes = new Uint8Array(this.request.size);
    let number = 1;
    for (let at = 0; at < bytes.length; number += 1) {
      const part = this.pending.parts.get(number);
      if (part === undefined) throw new StoreError(`part ${number} of ${this.key} is missing`);
      bytes.set(part.bytes, at);
      at += part.size;
    }
    if (seal.size !== bytes.length) {
      throw new StoreError(
        `${this.key} was begun with ${bytes.length} bytes and cannot be completed with ${seal.size}`,
      );
    }
    if (seal.crc32c !== undefined && seal.crc32c !== Crc32c.ofBytes(bytes).base64) {
      throw new StoreError(`${this.key} as a whole has another checksum`);
    }
    return bytes;
  }
}

/** The same with parts that can be read back, as in a directory. */
export class RereadableMemoryUpload extends MemoryUpload implements RereadableUpload {
  async *readBack(range: ByteRange): AsyncGenerator<Uint8Array> {
    for (let at = range.start; at < range.end; ) {
      const number = Math.floor(at / this.partSize) + 1;
      const part = this.pending.parts.get(number);
      if (part === undefined) throw new StoreError(`part ${number} of ${this.key} is missing`);
      const from = at - (number - 1) * this.partSize;
      const piece = part.bytes.subarray(from, from + (range.end - at));
      yield piece;
      at += piece.byteLength;
    }
  }
}
