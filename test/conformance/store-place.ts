import { createHash } from 'node:crypto';
import { Crc32c } from '../../lib/core/digest/crc32c.ts';
import type { ObjectStat, Store, Upload } from '../../lib/core/stores/store.ts';
import type { Deviations } from './deviations.ts';

/** One place for objects, fresh for each test. */
export interface StorePlace {
  /** A store on that place; every call gives another instance, as another process would have. */
  open(): Store;
  /** Names of whatever is left of work in progress, where that can be seen. */
  leftovers?(): Promise<readonly string[]>;
  close(): Promise<void>;
}

/** Known differences of a backend, declared where its suite is called. */
export interface StoreTraits {
  /** `k` and `k/x` can both exist. */
  readonly flatKeys: boolean;
  /** A part whose declared checksum is wrong is refused at once. */
  readonly checksParts: boolean;
  /** Metadata and whole-object checksums are kept. */
  readonly keepsAttributes: boolean;
  /** A listing has size and tag of an object, but neither its version nor its checksum. */
  readonly thinListings?: boolean;
  /** An upload without parts does not know for which size it was begun. */
  readonly forgetsSize?: boolean;
  /** Uploads in progress cannot be listed. */
  readonly hidesUploads?: boolean;
  /** An upload that another process continues has parts without their checksums. */
  readonly forgetsPartChecksums?: boolean;
  /** What a server does otherwise than the service that it stands for. */
  readonly deviations?: Deviations;
  /** What it does otherwise only now and then, by the title of the test. */
  readonly races?: Deviations;
}

export const signal = new AbortController().signal;

export function partOf(upload: Upload, data: Uint8Array, number: number): Uint8Array {
  return data.subarray((number - 1) * upload.partSize, number * upload.partSize);
}

export async function sendPart(upload: Upload, data: Uint8Array, number: number): Promise<void> {
  const bytes = partOf(upload, data, number);
  await upload.writePart(number, bytes, Crc32c.ofBytes(bytes).base64, signal);
}

export async function sendAll(upload: Upload, data: Uint8Array): Promise<void> {
  const count = Math.ceil(data.length / upload.partSize);
  for (let number = 1; number <= count; number += 1) await sendPart(upload, data, number);
}

export function sealOf(data: Uint8Array) {
  return {
    size: data.length,
    sha256: createHash('sha256').update(data).digest('hex'),
    crc32c: Crc32c.ofBytes(data).base64,
  };
}

export async function created(store: Store, key: string, data: Uint8Array | string): Promise<ObjectStat> {
  const bytes = typeof data === 'string' ? Buffer.from(data) : data;
  const result = await store.put(key, bytes, { ifAbsent: true });
  if (result.outcome !== 'created') throw new Error(`${key} was there already`);
  return result.stat;
}
