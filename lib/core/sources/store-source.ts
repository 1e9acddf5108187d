import type { ByteRange } from '../byte-range.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotFound } from '../errors.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { type ResolvedSource, type Source, SourceError } from './source.ts';

/** An object of a store as a source: for copies inside a store, and from a primary to its replicas. */
export class StoreSource implements Source {
  readonly uri: string;
  private readonly store: Store;
  private readonly key: string;
  private readonly known: ObjectStat | undefined;

  /** @param known What the object is, where that needs not be asked again. */
  constructor(store: Store, key: string, known?: ObjectStat) {
    this.store = store;
    this.known = known;
    this.key = key;
    this.uri = `${store.url.replace(/\/$/, '')}/${key}`;
  }

  async resolve(): Promise<ResolvedSource> {
    const stat = this.known ?? (await this.store.head(this.key));
    if (stat === undefined) throw new SourceError('missing', `${this.uri} is not there`);
    const digest = stat.metadata?.sha256;
    return {
      description: {
        source: this.uri,
        size: stat.size,
        version: stat.version ?? stat.etag,
        revision: stat.version,
        sha256: digest === undefined ? undefined : Sha256.parse(digest),
        mediaType: undefined,
      },
      ranges: true,
      cheapToReread: this.store.kind === 'directory' || this.store.kind === 'memory',
      read: (range, signal) => this.read(stat, range, signal),
    };
  }

  private async *read(
    stat: ObjectStat,
    range: ByteRange | undefined,
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const wanted = range ?? { start: 0, end: stat.size };
    let at = wanted.start;
    try {
      const pinned = stat.version === undefined ? { etag: stat.etag } : { version: stat.version };
      for await (const chunk of this.store.read(this.key, { range: wanted, signal, ...pinned, transient: true })) {
        at += chunk.byteLength;
        yield chunk;
      }
    } catch (error) {
      if (error instanceof NotFound) throw new SourceError('missing', `${this.uri} is gone`, { cause: error });
      throw error;
    }
    if (at !== wanted.end) throw new SourceError('changed', `${this.uri} has another length than before`);
  }
}
