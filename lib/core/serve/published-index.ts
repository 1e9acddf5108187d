import { registryKey } from '../../contract/keys.ts';
import { Refused } from '../errors.ts';
import { type ListedRelease, listedReleases } from '../mirror/find-release.ts';
import { type LoadedRegistry, loadRegistry } from '../mirror/load-registry.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { dateOf, type PublishedObject, PublishedRelease } from './published-release.ts';

/** Releases whose records stay in memory; one of 10,000 artifacts takes about 10 MB. */
const keptReleases = 32;

/**
 * What a store shows to strangers: its registry, and of each release that the registry lists its artifacts and
 * records. Everything else (unfinished releases, strays, `.weighbridge/`) does not exist here, whatever the path.
 */
export class PublishedIndex {
  readonly #reader: MirrorReader;
  readonly #releases = new Map<string, Promise<PublishedRelease>>();
  #registry: LoadedRegistry | undefined;
  #etag: string | undefined;
  #looking: Promise<LoadedRegistry> | undefined;

  constructor(reader: MirrorReader) {
    this.#reader = reader;
  }

  /** @throws MirrorDamaged, NotFound when the registry cannot be read as it is now; Refused for a private store. */
  async releases(): Promise<readonly ListedRelease[]> {
    return listedReleases((await this.#current()).registry).filter(({ entry }) => entry.pruned === undefined);
  }

  /** @throws MirrorDamaged for a published object whose records do not hold (any more) */
  async find(key: string): Promise<PublishedObject | undefined> {
    const { registry, bytes, sha256 } = await this.#current();
    if (key === registryKey) {
      const modifiedAt = dateOf(registry.updatedAt);
      const size = bytes.length;
      return { key, size, sha256, mediaType: 'application/json', immutable: false, modifiedAt, bytes };
    }
    const [collection = '', version = ''] = key.split('/', 2);
    const versions = Object.hasOwn(registry.collections, collection)
      ? registry.collections[collection]?.versions
      : undefined;
    const entry = versions !== undefined && Object.hasOwn(versions, version) ? versions[version] : undefined;
    if (entry === undefined || entry.pruned !== undefined) return undefined;
    const release = await this.#release({ collection, version, entry }, registry);
    return await release.find(key);
  }

  /** The registry as it is now: read again when its tag has changed, once for all who ask at the same time. */
  #current(): Promise<LoadedRegistry> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<LoadedRegistry> {
    const stat = await this.#reader.head(registryKey);
    if (this.#registry !== undefined && stat?.etag !== undefined && stat.etag === this.#etag) return this.#registry;
    const loaded = await loadRegistry(this.#reader);
    if (loaded.registry.access === 'private') {
      throw new Refused(
        'access-class',
        `${this.#reader.url} holds private releases: they are not served without grants`,
        { hint: 'The access API gives them out by a policy: weighbridge serve --private-store.' },
      );
    }
    this.#registry = loaded;
    this.#etag = stat?.etag;
    return loaded;
  }

  async #release(listed: ListedRelease, registry: LoadedRegistry['registry']): Promise<PublishedRelease> {
    const { sha256 } = listed.entry;
    const loading = this.#releases.get(sha256) ?? PublishedRelease.load(this.#reader, registry, listed);
    // Moved to the end: the first of the map is the one that was not asked for the longest.
    this.#releases.delete(sha256);
    this.#releases.set(sha256, loading);
    for (const [oldest] of this.#releases) {
      if (this.#releases.size <= keptReleases) break;
      this.#releases.delete(oldest);
    }
    try {
      return await loading;
    } catch (error) {
      if (this.#releases.get(sha256) === loading) this.#releases.delete(sha256);
      throw error;
    }
  }
}
