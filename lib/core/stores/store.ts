import type { ByteRange } from '../byte-range.ts';
import { type ErrorOptionsWithEvidence, WeighbridgeError } from '../errors.ts';

/** Request kinds that are counted, because requests are money. */
export type RequestKind = 'head' | 'get' | 'list' | 'put' | 'copy' | 'part' | 'complete' | 'abort' | 'delete';

export interface StoreErrorOptions extends ErrorOptionsWithEvidence {
  /** The unfinished upload is gone or can never be completed: only one begun anew can help. */
  readonly freshUpload?: boolean;
}

/** A store failed. Never used for absence or for a lost condition: those are return values. */
export class StoreError extends WeighbridgeError {
  override readonly name = 'StoreError';
  readonly freshUpload: boolean;

  constructor(message: string, options: StoreErrorOptions = {}) {
    super(message, options);
    this.freshUpload = options.freshUpload ?? false;
  }
}

/** What `get` throws of an object that no record can be. */
export function tooLarge(key: string, url: string, limit: number): StoreError {
  return new StoreError(`${key} of ${url} is larger than the ${limit} bytes that a record may have`);
}

/** What a read throws of an object that no longer is what it was asked for as. */
export function changedMeanwhile(key: string): StoreError {
  return new StoreError(`${key} was changed in the meantime`, { retryable: true, evidence: { key } });
}

/** What a store knows about one object. */
export interface ObjectStat {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Opaque tag that changes whenever the object does; what `put({ifMatch})` compares. */
  readonly etag: string;
  /** Version id or generation, where the store has them. */
  readonly version?: string;
  /** Whole-object CRC32C in base64, where the store keeps it. */
  readonly crc32c?: string;
  /** Lowercase hex SHA-256 of the whole object that the store itself computed, where it keeps one; from `head` only. */
  readonly sha256?: string;
  /** User metadata (`sha256`, `release` …); absent from listings. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What is stored beside the bytes. A directory keeps none of it. */
export interface ObjectAttributes {
  readonly contentType?: string;
  readonly cacheControl?: string;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** Create only if absent, or replace exactly the object that carries the tag. There is no third way. */
export type PutCondition = { readonly ifAbsent: true } | { readonly ifMatch: string };

/**
 * `created`: this call wrote the object. `exists`: the condition did not hold; `stat` is what is there
 * now, undefined if that is nothing (a replaced object was deleted, or vanished while looking).
 */
export type PutResult =
  | { readonly outcome: 'created'; readonly stat: ObjectStat }
  | { readonly outcome: 'exists'; readonly stat: ObjectStat | undefined };

export interface UploadRequest extends ObjectAttributes {
  /** Exact final size in bytes. */
  readonly size: number;
  /** Base64 CRC32C of the whole object, where it is known before the first byte is sent (a copy of a proven object). */
  readonly crc32c?: string;
}

/** What one accepted part was. */
export interface PartReceipt {
  /** From 1. */
  readonly number: number;
  readonly size: number;
  /** Base64 CRC32C of the part; empty where the store does not keep it (a GCS session). */
  readonly crc32c: string;
}

/** What must hold for an upload to become visible. */
export interface UploadSeal {
  readonly size: number;
  /** Lowercase hex. */
  readonly sha256: string;
  /** Base64 CRC32C of the whole object, where it was computed. */
  readonly crc32c: string | undefined;
}

/**
 * An upload in progress. Nothing of it is visible under its key before `complete`.
 * Another process may continue it by `resumeUpload(key, id)`.
 */
export interface Upload {
  readonly key: string;
  readonly id: string;
  readonly request: UploadRequest;
  readonly partSize: number;
  /** Parts must be written in order, one at a time (GCS); otherwise in any order, in parallel. */
  readonly sequential: boolean;
  /** Parts that the store holds already (after a resume), by number. */
  parts(): Promise<readonly PartReceipt[]>;
  /** Part `number` covers `[(number-1)*partSize, …)`; all but the last are `partSize` long. Rewriting a part replaces it. */
  writePart(number: number, bytes: Uint8Array, crc32c: string, signal: AbortSignal): Promise<PartReceipt>;
  /**
   * Makes the object visible in one atomic step, only if the key is absent.
   * On `exists` the upload is gone as after `abort`.
   * @throws StoreError if a part is missing or sizes do not add up; then nothing became visible. `freshUpload`
   * where the upload expired, or the store says that every part must be sent again.
   */
  complete(seal: UploadSeal, signal: AbortSignal): Promise<PutResult>;
  /** Forgets the upload and frees what it holds. Never throws for an upload that is gone. */
  abort(): Promise<void>;
  /**
   * Lets go of what this process holds for the upload (a lock, a connection) and leaves the upload itself
   * to whoever resumes it. The end of the process does the same; a later `writePart` here throws.
   */
  detach?(): Promise<void>;
}

/** An unfinished upload whose bytes can be read again, so that hashing may start over from them. */
export interface RereadableUpload extends Upload {
  /** Streams `[start, end)` of what was written. A piece holds only until the next is asked for. */
  readBack(range: ByteRange): AsyncIterable<Uint8Array>;
}

export function isRereadable(upload: Upload): upload is RereadableUpload {
  return 'readBack' in upload;
}

/** Limits that the transfer and the plan compute with. */
export interface StoreLimits {
  /** Largest object in bytes. */
  readonly maxObject: number;
  /** Objects up to this many bytes go in one conditional put. */
  readonly singlePut: number;
  /** Part size in bytes for an object of `size` bytes. */
  partSize(size: number): number;
}

/**
 * Where mirrored bytes live. Every write is conditional; keys are `/`-separated and were validated.
 * Contract, held by one conformance suite for every implementation:
 * - a missing object is `undefined` from `head`, and `NotFound` from `read`;
 * - an access failure is `NotAuthorised`, never "missing";
 * - `list` yields every object under a prefix, in key order, without metadata;
 * - after any failure nothing partial is visible.
 */
export interface Store {
  /** As the user wrote it. */
  readonly url: string;
  readonly kind: 'directory' | 'memory' | 's3' | 'gcs';
  readonly limits: StoreLimits;
  /** Requests made so far, by kind. */
  readonly requests: Readonly<Partial<Record<RequestKind, number>>>;
  head(key: string): Promise<ObjectStat | undefined>;
  /**
   * The whole of a small object and what it was at that moment, in one request; undefined when it is missing.
   * @param limit Bytes; a larger object is a `StoreError`.
   */
  get(key: string, limit: number): Promise<StoredObject | undefined>;
  /** Streams an object or a range of it; with `etag`/`version` of a stat, exactly that one. */
  read(key: string, options?: ReadOptions): AsyncIterable<Uint8Array>;
  list(prefix: string): AsyncIterable<ObjectStat>;
  put(key: string, bytes: Uint8Array, condition: PutCondition, attributes?: ObjectAttributes): Promise<PutResult>;
  beginUpload(key: string, request: UploadRequest): Promise<Upload>;
  /** The upload that `id` names, or undefined if it is gone or no longer fits `request`. */
  resumeUpload(key: string, id: string, request: UploadRequest): Promise<Upload | undefined>;
  /** Copies inside the store, only if `toKey` is absent; no byte passes through this process where the store can help it. */
  copyWithin(from: ObjectStat, toKey: string, attributes?: ObjectAttributes): Promise<PutResult>;
  /** Uploads in progress under a prefix, so that abandoned ones can be continued or aborted. */
  uploads(prefix: string): AsyncIterable<PendingUpload>;
}

export interface StoredObject {
  readonly stat: ObjectStat;
  readonly bytes: Uint8Array;
}

export interface PendingUpload {
  readonly key: string;
  readonly id: string;
  readonly startedAt: Date;
  abort(): Promise<void>;
}

export interface ReadOptions {
  /** Must lie within the object. */
  readonly range?: ByteRange;
  readonly version?: string;
  /** Throws `StoreError` (retryable) where the object no longer carries this tag. */
  readonly etag?: string;
  readonly signal?: AbortSignal;
  /** The reader keeps no piece: it holds until the next is asked for, which may come in the same memory. */
  readonly transient?: boolean;
}

/** A store that can say how much more it holds. */
export interface CapacityLimited {
  /** Bytes free for this user. */
  freeBytes(): Promise<number>;
}

export function isCapacityLimited(store: Store): store is Store & CapacityLimited {
  return 'freeBytes' in store;
}

/** A store whose finished writes survive a power cut only after `sync`. */
export interface Syncable {
  /** Everything that completed before the call is durable when it returns. */
  sync(): Promise<void>;
}

export function isSyncable(store: Store): store is Store & Syncable {
  return 'sync' in store;
}

/** Something that lies in a store's place without being an object: never served, copied or followed. */
export interface ForeignEntry {
  readonly key: string;
  readonly what: 'symbolic link' | 'special file' | 'unreadable name';
}

/** A store whose medium can hold things that are not objects, which a verification reports as strays. */
export interface Inspectable {
  /** Such entries under a prefix, in key order; `list` leaves them out. */
  foreign(prefix: string): AsyncIterable<ForeignEntry>;
}

export function isInspectable(store: Store): store is Store & Inspectable {
  return 'foreign' in store;
}

export interface PresignRequest {
  /** Pins what the URL gives to this version or generation, where the store has them. */
  readonly version?: string;
  /** Seconds; at most seven days. */
  readonly expiresIn: number;
  /** Ends the URL at exactly this second instead, so that many that are signed one after the other end together. */
  readonly until?: Date;
  /** Name under which a browser or `curl -OJ` saves the file. */
  readonly fileName?: string;
}

/** A URL that is a credential while it lives: it goes to who asked, never into a log or record. */
export interface PresignedUrl {
  readonly url: string;
  readonly expiresAt: Date;
}

/** A store whose objects can be handed out by URL to somebody without credentials. */
export interface Presigning {
  /** Asks the store nothing: a URL of a missing object is made as well. */
  presign(key: string, request: PresignRequest): Promise<PresignedUrl>;
}

export function isPresigning(store: Store): store is Store & Presigning {
  return 'presign' in store;
}

/** A store whose own clock can be read: all machines that share it have that clock in common. */
export interface Clocked {
  now(): Promise<Date>;
}

export function isClocked(store: Store): store is Store & Clocked {
  return 'now' in store;
}

/** A store that only this machine has. */
export interface Local {
  /** Absolute path; never shown to anybody. */
  readonly place: string;
}

export function isLocal(store: Store): store is Store & Local {
  return 'place' in store;
}

/** A store with settings that change what a mirror there is worth. */
export interface Configured {
  /** One sentence for each setting that is not as it should be or cannot be read; none when all is well. */
  checkSettings(): Promise<readonly string[]>;
}

export function isConfigured(store: Store): store is Store & Configured {
  return 'checkSettings' in store;
}
