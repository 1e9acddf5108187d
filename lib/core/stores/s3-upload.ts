import { UploadPartCommand } from '@aws-sdk/client-s3';
import { rangeLength } from '../byte-range.ts';
import { partRange } from './part-sizes.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { checkParts, completeUpload, uploadGone } from './s3-complete.ts';
import { S3Fault } from './s3-fault.ts';
import { abortUpload, type ListedPart, listParts } from './s3-parts.ts';
import { headObject } from './s3-reads.ts';
import { putObject } from './s3-writes.ts';
import { wrongBytes } from './s3-wrong-bytes.ts';
import {
  type PartReceipt,
  type PutResult,
  StoreError,
  type Upload,
  type UploadRequest,
  type UploadSeal,
} from './store.ts';

export interface S3UploadOptions {
  readonly bucket: S3Bucket;
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  /** What was listed when the upload was resumed. */
  readonly listed?: readonly ListedPart[];
}

/** A multipart upload. Its parts cannot be read back; S3 keeps the size and the CRC32C of each. */
export class S3Upload implements Upload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  readonly sequential = false;
  readonly #bucket: S3Bucket;
  #listed: readonly ListedPart[] | undefined;

  constructor(options: S3UploadOptions) {
    this.#bucket = options.bucket;
    this.key = options.key;
    this.id = options.id;
    this.request = options.request;
    this.partSize = options.partSize;
    this.#listed = options.listed;
  }

  async parts(): Promise<readonly PartReceipt[]> {
    const listed = this.#listed ?? (await listParts(this.#bucket, this.key, this.id));
    if (listed === undefined) throw uploadGone(this.#bucket, this.key);
    // One without a checksum proves nothing: it is sent again.
    return listed.flatMap(({ number, size, crc32c }) => (crc32c === undefined ? [] : [{ number, size, crc32c }]));
  }

  async writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt> {
    signal.throwIfAborted();
    const size = rangeLength(partRange(number, this.request.size, this.partSize));
    if (!Number.isInteger(number) || number < 1 || size <= 0) throw new StoreError(`${this.key} has no part ${number}`);
    if (bytes.byteLength !== size) {
      throw new StoreError(`part ${number} of ${this.key} has ${bytes.byteLength} bytes instead of ${size}`);
    }
    this.#listed = undefined;
    const asked = { kind: 'part', action: 's3:PutObject', key: this.key, signal, expects: ['NoSuchUpload'] } as const;
    const answer = await this.#bucket.ask(asked, async (options) => {
      const command = new UploadPartCommand({
        ...this.#bucket.object(this.key),
        UploadId: this.id,
        PartNumber: number,
        Body: bytes,
        ContentLength: size,
        ChecksumCRC32C: crc32c,
      });
      try {
        return await this.#bucket.client.send(command, options);
      } catch (error) {
        throw wrongBytes(error, `part ${number} of ${this.key}`, bytes, crc32c) ?? error;
      }
    });
    if (answer instanceof S3Fault) throw uploadGone(this.#bucket, this.key);
    return { number, size, crc32c };
  }

  async complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult> {
    signal.throwIfAborted();
    const { size } = this.request;
    if (seal.size !== size) {
      throw new StoreError(`${this.key} was begun with ${size} bytes and cannot be completed with ${seal.size}`);
    }
    if (size === 0) return await this.#completeEmpty();
    const parts = await listParts(this.#bucket, this.key, this.id, signal);
    if (parts === undefined) return await this.#afterAnother();
    const crc32c = seal.crc32c ?? this.request.crc32c;
    checkParts(this.key, size, this.partSize, parts, crc32c);
    const { key, id, request: attributes } = this;
    return await completeUpload(this.#bucket, { key, id, size, parts, crc32c, attributes, signal });
  }

  async abort(): Promise<void> {
    await abortUpload(this.#bucket, this.key, this.id);
  }

  /** S3 has no upload without parts. */
  async #completeEmpty(): Promise<PutResult> {
    const result = await putObject(this.#bucket, this.key, new Uint8Array(), { ifAbsent: true }, this.request);
    await this.abort();
    return result;
  }

  /** The upload is gone: somebody completed it, or aborted it. */
  async #afterAnother(): Promise<PutResult> {
    const stat = await headObject(this.#bucket, this.key);
    if (stat === undefined) throw uploadGone(this.#bucket, this.key);
    return { outcome: 'exists', stat };
  }
}
