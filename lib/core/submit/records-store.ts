import { registryKey } from '../../contract/keys.ts';
import { NotAuthorised } from '../errors.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import { type ObjectsRecord, objectsSchema } from '../registry/records.ts';
import { type ObjectStat, type Store, type StoredObject, StoreError } from '../stores/store.ts';
import { unlessRefused } from './not-yet.ts';

const releaseFolder = /^[^/]+\/[^/]+\/$/;
const records: ReadonlySet<string> = new Set(['release.json', 'objects.json', 'SHA256SUMS']);

/**
 * A mirror as somebody sees it who may list it and read its records, and no artifact: for plans. Objects that the
 * records do not vouch for would have to be read in order to be judged; they are left out, and named in `unproven`.
 */
export class RecordsStore implements Store {
  readonly url: string;
  readonly kind: Store['kind'];
  readonly limits: Store['limits'];
  /** Keys that lie in a release's place, and only a run can tell what they are. */
  readonly unproven: string[] = [];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.url = store.url;
    this.kind = store.kind;
    this.limits = store.limits;
  }

  get requests() {
    return this.#store.requests;
  }

  /** Records only: what else there is, a listing says. */
  async head(key: string): Promise<ObjectStat | undefined> {
    return isRecord(key) ? await this.#store.head(key) : undefined;
  }

  /** Of a record that may be hidden from this reader as if it were not there. @throws NotAuthorised for anything else. */
  async get(key: string, limit: number): Promise<StoredObject | undefined> {
    if (!isRecord(key)) throw unreadable(key, this.url);
    const read = () => this.#store.get(key, limit);
    return key.endsWith('/SHA256SUMS') ? await unlessRefused(read) : await read();
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    if (!releaseFolder.test(prefix)) return yield* this.#store.list(prefix);
    const known = await this.#recorded(prefix);
    for await (const stat of this.#store.list(prefix)) {
      const file = stat.key.slice(prefix.length);
      if (records.has(file) || file === 'RELEASE.md') yield stat;
      else if (Object.hasOwn(known, file) && known[file]?.etag === stat.etag) yield stat;
      else this.unproven.push(stat.key);
    }
  }

  // biome-ignore lint/correctness/useYield: what may not be read ends before its first byte.
  async *read(key: string): AsyncGenerator<Uint8Array> {
    throw unreadable(key, this.url);
  }

  put(): Promise<never> {
    return this.#readOnly();
  }

  beginUpload(): Promise<never> {
    return this.#readOnly();
  }

  resumeUpload(): Promise<never> {
    return this.#readOnly();
  }

  copyWithin(): Promise<never> {
    return this.#readOnly();
  }

  // biome-ignore lint/correctness/useYield: there are none.
  async *uploads(): AsyncGenerator<never> {
    return;
  }

  async #recorded(prefix: string): Promise<ObjectsRecord> {
    const key = `${prefix}objects.json`;
    const found = await unlessRefused(() => this.#store.get(key, recordLimit));
    if (found === undefined) return {};
    try {
      return parseRecord(found.bytes, objectsSchema, 'weighbridge/objects/1', `${key} of ${this.url}`);
    } catch {
      // As in a run: it only saves work.
      return {};
    }
  }

  #readOnly(): Promise<never> {
    return Promise.reject(new StoreError(`${this.url} is only looked at here`));
  }
}

function isRecord(key: string): boolean {
  return key === registryKey || records.has(key.split('/').slice(2).join('/'));
}

function unreadable(key: string, url: string): NotAuthorised {
  return new NotAuthorised(`${key} of ${url} is no record, and a plan reads records alone`);
}
