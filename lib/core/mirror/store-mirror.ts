import { NotFound } from '../errors.ts';
import { isInspectable, type Store } from '../stores/store.ts';
import type { ListedObject, MirrorBody, MirrorReader, MirrorStat, OpenOptions } from './mirror-reader.ts';

/** A mirror read straight from the store that holds it. */
export class StoreMirror implements MirrorReader {
  readonly url: string;
  readonly remote: boolean;
  readonly foreign: MirrorReader['foreign'];
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
    this.url = store.url;
    this.foreign = isInspectable(store) ? (prefix) => store.foreign(prefix) : undefined;
    this.remote = store.kind === 's3' || store.kind === 'gcs';
  }

  async head(key: string): Promise<MirrorStat | undefined> {
    const stat = await this.#store.head(key);
    if (stat === undefined) return undefined;
    const { size, etag, crc32c } = stat;
    return { size, etag, claimedSha256: undefined, ...(crc32c === undefined ? {} : { crc32c }) };
  }

  async open(key: string, options: OpenOptions = {}): Promise<MirrorBody> {
    const stat = await this.head(key);
    if (stat === undefined) throw new NotFound(`${key} is not in ${this.url}`, { evidence: { key } });
    const wanted = options.ifRange === undefined || options.ifRange === stat.etag ? options.range : undefined;
    const bytes = this.#store.read(key, {
      ...(wanted === undefined ? {} : { range: wanted }),
      ...(options.signal === undefined ? {} : { signal: options.signal }),
    });
    return { ...stat, start: wanted?.start ?? 0, bytes, discard: async () => {} };
  }

  readonly list = (prefix: string): AsyncIterable<ListedObject> => this.#store.list(prefix);
}
