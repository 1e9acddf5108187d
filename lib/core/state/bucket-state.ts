import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../clock.ts';
import { type RetryPolicy, retry } from '../retry.ts';
import { type Clocked, type ObjectStat, type PutCondition, type Store, StoreError } from '../stores/store.ts';
import { checkDocumentName } from './document-name.ts';
import type { StateCondition, StateDocument, StateStore } from './state-store.ts';
import { StoreClock } from './store-clock.ts';

/** Bytes; the largest documents are reports of releases with very many files. */
const limit = 256 << 20;

/** A state store that stumbles must not end a transfer of hours; a lease that cannot be renewed meanwhile is lost. */
const patience: RetryPolicy = { attempts: 8, base: 0.25, cap: 5, budget: 60, insists: true };

/** Compare-and-swaps that others may win before it counts as a fault. */
const rounds = 1000;

const never = new AbortController().signal;
const nothing = new Uint8Array();

export interface BucketStateOptions {
  /** As the user wrote it. */
  readonly location: string;
  /** At that location, used for nothing else. */
  readonly store: Store & Clocked;
  readonly clock?: Clock;
}

/**
 * Working state in a bucket, for every machine that may read and write there. Each document is one object, read
 * whole and written by compare-and-swap; leases are judged by the bucket's clock.
 *
 * There is no conditional delete that S3 and GCS servers all have, so a removed document is an object of zero bytes,
 * put there by compare-and-swap, which counts as absent; the next writer replaces it. A lifecycle rule of the bucket
 * expires such objects, and whatever nobody came back for.
 *
 * The tag is the object's ETag, which on S3 is a digest of the bytes: a document that was changed and changed back
 * carries its old tag again. As with the digests of a directory this does no harm: every write follows from the text
 * that was read and from nothing else, and the text that it replaces is that one.
 */
export class BucketState implements StateStore {
  readonly location: string;
  readonly shared = true;
  readonly #store: Store;
  readonly #clock: Clock;
  readonly #storeClock: StoreClock;

  constructor({ location, store, clock = systemClock }: BucketStateOptions) {
    this.location = location;
    this.#store = store;
    this.#clock = clock;
    this.#storeClock = new StoreClock(store, clock);
  }

  get requests() {
    return this.#store.requests;
  }

  async now(): Promise<Date> {
    return await this.#patiently(() => this.#storeClock.now());
  }

  async read(name: string): Promise<StateDocument | undefined> {
    checkDocumentName(name);
    const found = await this.#patiently(() => this.#store.get(name, limit));
    if (found === undefined || isRemoved(found.stat)) return undefined;
    return { text: new TextDecoder().decode(found.bytes), tag: found.stat.etag };
  }

  async write(name: string, text: string, condition: StateCondition): Promise<string | undefined> {
    if (text === '') throw new RangeError(`${name}: a state document is not empty`);
    const bytes = new TextEncoder().encode(text);
    let wanted: PutCondition = condition;
    for (let round = 0; round < rounds; round += 1) {
      const put = await this.#put(name, bytes, wanted);
      if (put.written) return put.tag;
      if ('ifMatch' in condition) return undefined;
      if (put.there !== undefined && !isRemoved(put.there)) return undefined;
      wanted = put.there === undefined ? condition : { ifMatch: put.there.etag };
    }
    throw tooBusy(name);
  }

  async remove(name: string, ifMatch?: string): Promise<boolean> {
    let tag = ifMatch ?? (await this.read(name))?.tag;
    for (let round = 0; round < rounds && tag !== undefined; round += 1) {
      const put = await this.#put(name, nothing, { ifMatch: tag });
      if (put.written || put.there === undefined || isRemoved(put.there)) return true;
      if (ifMatch !== undefined) return false;
      tag = put.there.etag;
    }
    if (tag !== undefined) throw tooBusy(name);
    return true;
  }

  async list(prefix: string): Promise<readonly string[]> {
    return await this.#patiently(async () => {
      const names: string[] = [];
      for await (const stat of this.#store.list(prefix)) if (!isRemoved(stat)) names.push(stat.key);
      return names.sort();
    });
  }

  /**
   * One conditional put, tried again where the answer got lost. The mark in the metadata tells such a try, which
   * finds its own work there, from one that lost to somebody who wrote the same text.
   */
  async #put(
    name: string,
    bytes: Uint8Array,
    condition: PutCondition,
  ): Promise<
    | { readonly written: true; readonly tag: string }
    | { readonly written: false; readonly there: ObjectStat | undefined }
  > {
    checkDocumentName(name);
    const mark = randomUUID();
    const attributes = { contentType: 'application/json', cacheControl: 'no-store', metadata: { mark } };
    const { outcome, stat } = await this.#patiently(() => this.#store.put(name, bytes, condition, attributes));
    if (outcome === 'created' || stat?.metadata?.mark === mark) return { written: true, tag: stat?.etag ?? '' };
    return { written: false, there: stat };
  }

  /** Also when a run is being ended: its leases are still to be given back. */
  #patiently<T>(work: () => Promise<T>): Promise<T> {
    return retry(work, patience, { clock: this.#clock, signal: never });
  }
}

function isRemoved({ size }: ObjectStat): boolean {
  return size === 0;
}

function tooBusy(name: string): StoreError {
  return new StoreError(`${name} of the working state was written by others each time`, { retryable: true });
}
