import type { ByteRange } from '../byte-range.ts';
import type { Sha256 } from '../digest/sha256.ts';
import type { ForeignEntry } from '../stores/store.ts';
import { MirrorError } from './mirror-errors.ts';

/** What a mirror says about one object without sending it. */
export interface MirrorStat {
  /** Bytes; undefined when a server does not say. */
  readonly size: number | undefined;
  /** Strong tag of exactly these bytes, as it goes into `If-Range`; undefined when there is none. */
  readonly etag: string | undefined;
  /** The whole object's digest as its server claims it (`Repr-Digest`, or an ETag that is one): a claim, never a proof. */
  readonly claimedSha256: Sha256 | undefined;
  /** Base64 CRC32C of the whole object, where the store computed it from the bytes that it keeps. */
  readonly crc32c?: string;
}

/** An object being read. */
export interface MirrorBody extends MirrorStat {
  /** Where `bytes` begins: the range's start, or 0 when the whole object comes although a range was asked for. */
  readonly start: number;
  /** Ends where the range or the object does, or throws; a body cut short never ends normally. */
  readonly bytes: AsyncIterable<Uint8Array>;
  /** Gives up a body of which not everything was read. */
  discard(): Promise<void>;
}

export interface OpenOptions {
  readonly range?: ByteRange;
  /** With `range`: send it only if the object still carries this tag, the whole object otherwise. */
  readonly ifRange?: string;
  readonly signal?: AbortSignal;
}

/** One object of a listing. */
export interface ListedObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

/**
 * A mirror as its readers see it: the same keys whether it is a directory, a bucket or a web server. Contract:
 * - a missing object is `undefined` from `head` and `NotFound` from `open`;
 * - a refused one is `NotAuthorised`, never "missing";
 * - other faults are `MirrorError`, `StoreError` or `SourceError`, whose `retryable` tells if again may help.
 */
export interface MirrorReader {
  /** As the user wrote it. */
  readonly url: string;
  /** Does reading use the network? */
  readonly remote: boolean;
  head(key: string, signal?: AbortSignal): Promise<MirrorStat | undefined>;
  open(key: string, options?: OpenOptions): Promise<MirrorBody>;
  /** Shows only what one caller may read: which credential that is, for messages, never a value. */
  readonly shownTo?: string;
  /** Told what will be opened next, in this order: where each has to be asked for, many are asked for at once. */
  expect?(keys: readonly string[]): void;
  /** Every object under a prefix in key order; undefined where a mirror cannot be listed (plain HTTP). */
  readonly list: ((prefix: string) => AsyncIterable<ListedObject>) | undefined;
  /** What lies under a prefix without being an object (links, devices); undefined where there is no such thing. */
  readonly foreign: ((prefix: string) => AsyncIterable<ForeignEntry>) | undefined;
}

/**
 * The whole of a small object.
 * @param limit bytes; more is a `MirrorError`, so that a hostile mirror cannot fill the memory.
 * @throws NotFound, NotAuthorised, MirrorError
 */
export async function readWhole(
  reader: MirrorReader,
  key: string,
  limit: number,
  signal?: AbortSignal,
): Promise<Uint8Array> {
  const body = await reader.open(key, signal === undefined ? {} : { signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of body.bytes) {
    size += chunk.length;
    if (size > limit) {
      await body.discard();
      throw new MirrorError(`${key} at ${reader.url} is larger than the ${limit} bytes that a record may have`);
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks, size);
}
