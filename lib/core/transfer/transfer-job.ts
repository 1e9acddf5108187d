import type { Clock } from '../clock.ts';
import type { Crc32c } from '../digest/crc32c.ts';
import type { HashPool } from '../digest/hash-pool.ts';
import type { Sha256 } from '../digest/sha256.ts';
import type { Reporter } from '../events.ts';
import type { RetryPolicy } from '../retry.ts';
import type { ResolvedSource } from '../sources/source.ts';
import type { ObjectAttributes, PutResult, Store } from '../stores/store.ts';
import type { MemoryBudget } from './memory-budget.ts';

/** How far an upload had come: everything before `offset` is written and hashed. */
export interface TransferCheckpoint {
  readonly uploadId: string;
  readonly partSize: number;
  /** Bytes, a multiple of `partSize`. */
  readonly offset: number;
  /** Base64 state of the resumable SHA-256 at `offset`; absent where the prefix is read again. */
  readonly hashState: string | undefined;
  /** Base64 CRC32C of the bytes before `offset`. */
  readonly crc32c: string;
  /** The source, pinned, and the version of it that the bytes are from. */
  readonly source: string;
  readonly sourceVersion: string | undefined;
}

/** Where one transfer keeps its checkpoint. */
export interface CheckpointSlot {
  /** Undefined when there is none, or none that this program can read. */
  load(): Promise<TransferCheckpoint | undefined>;
  /** False: another process took the transfer over; stop, and abort nothing. */
  save(checkpoint: TransferCheckpoint): Promise<boolean>;
  clear(): Promise<void>;
}

/** One object to be copied from a source to a key of a store, proven on the way. */
export interface TransferJob {
  /** Artifact id, for events. */
  readonly id: string;
  readonly source: ResolvedSource;
  /** Exact size in bytes; what the source sends must agree. */
  readonly size: number;
  readonly sha256: Sha256;
  /** Base64 CRC32C of the whole object, where it is known beforehand: some stores take it only before the first byte. */
  readonly crc32c?: string;
  readonly store: Store;
  readonly key: string;
  readonly attributes: ObjectAttributes;
  /** Used for objects that do not go in a single put. */
  readonly checkpoints: CheckpointSlot;
}

export interface TransferPorts {
  readonly clock: Clock;
  readonly hashes: HashPool;
  readonly memory: MemoryBudget;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly retry: RetryPolicy;
  /** Ranges read in parallel for one object. */
  readonly ranges: number;
  /** Called with every count of bytes that a source sent, wasted ones included. */
  onFetched(bytes: number): void;
}

export interface TransferResult {
  /** `exists`: somebody else's object is at the key; whether it is the same is the caller's question. */
  readonly put: PutResult;
  /** Absent where no byte was hashed: the object was there before this transfer came to its end. */
  readonly crc32c?: Crc32c;
}
