import { notesKey, objectsKey, registryKey } from '../../../contract/keys.ts';
import type { Clock } from '../../clock.ts';
import { Sha256 } from '../../digest/sha256.ts';
import { NotFound } from '../../errors.ts';
import { type LoadedRegistry, loadRegistry } from '../../mirror/load-registry.ts';
import { loadRelease } from '../../mirror/load-release.ts';
import { MirrorDamaged } from '../../mirror/mirror-errors.ts';
import { type MirrorReader, readWhole } from '../../mirror/mirror-reader.ts';
import { parseRecord, recordLimit } from '../../mirror/read-record.ts';
import { releaseName } from '../../mirror/release-ref.ts';
import { safeMediaType } from '../../registry/media-type.ts';
import { type ObjectsRecord, objectsSchema, type Registry } from '../../registry/records.ts';
import { registryEntry } from '../../registry/registry-entry.ts';
import { RecordCache } from './record-cache.ts';

/** What a release's record says of one file. */
export interface FileFacts {
  readonly file: string;
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  readonly sha256: Sha256;
  readonly mediaType: string;
}

/** A release whose record follows from the registry. */
export interface KnownRelease {
  readonly collection: string;
  readonly version: string;
  /** Of `bytes`. */
  readonly sha256: Sha256;
  /** `release.json` exactly as it is stored. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** In the order of the record. */
  readonly files: ReadonlyMap<string, FileFacts>;
}

/** Seconds. */
const ages = {
  registry: 30,
  /** `stage` may put a lost object back, under another version. */
  objects: 60,
  /** What was not there may have come since: it is looked for again this soon. */
  missing: 3,
};

/** Bytes of records as stored; in memory they take about three times as much. */
const budgets = { releases: 32 << 20, objects: 8 << 20, notes: 1 << 20 };

export type ReleaseCache = RecordCache<KnownRelease>;

/** Releases never change, so that several stores may share what they know. */
export function releaseCache(clock: Clock): ReleaseCache {
  return new RecordCache({ clock, maxAge: Infinity, budget: budgets.releases, weigh: ({ bytes }) => bytes.length });
}

/** The records of one store, kept for a while: a request for a file makes none to the store, as a rule. */
export class StoreRecords {
  readonly #reader: MirrorReader;
  readonly #releases: ReleaseCache;
  readonly #registries: RecordCache<LoadedRegistry & { readonly etag: string | undefined }>;
  readonly #objects: RecordCache<{ readonly objects: ObjectsRecord; readonly size: number }>;
  readonly #notes: RecordCache<{ readonly bytes: Uint8Array<ArrayBuffer> | undefined }>;

  constructor(reader: MirrorReader, releases: ReleaseCache, clock: Clock) {
    this.#reader = reader;
    this.#releases = releases;
    this.#registries = new RecordCache({ clock, maxAge: ages.registry, budget: 0, weigh: () => 0 });
    this.#objects = new RecordCache({
      clock,
      maxAge: ages.objects,
      budget: budgets.objects,
      weigh: ({ size }) => size,
    });
    this.#notes = new RecordCache({
      clock,
      maxAge: ages.objects,
      budget: budgets.notes,
      // What is not there weighs too, or there would be no end of it.
      weigh: ({ bytes }) => 256 + (bytes?.length ?? 0),
    });
  }

  /** @param maxAge seconds. @throws what reading the store throws; MirrorDamaged */
  async registry(maxAge: number = ages.registry): Promise<Registry> {
    const { registry } = await this.#registries.get(
      registryKey,
      async (old) => {
        const etag = (await this.#reader.head(registryKey))?.etag;
        if (old !== undefined && etag !== undefined && etag === old.etag) return old;
        return { ...(await loadRegistry(this.#reader)), etag };
      },
      maxAge,
    );
    return registry;
  }

  /** What is looked for in the registry; where it is not there, in one that is hardly older than the question. */
  async lookUp<T>(find: (registry: Registry) => T | undefined): Promise<T | undefined> {
    return find(await this.registry()) ?? find(await this.registry(ages.missing));
  }

  /** Undefined for a release that is not there, or whose files are gone. Yanked ones are there. @throws MirrorDamaged */
  async release(collection: string, version: string): Promise<KnownRelease | undefined> {
    const listed = await this.lookUp((registry) => {
      const entry = registryEntry(registry, collection, version);
      return entry === undefined ? undefined : { registry, entry };
    });
    if (listed === undefined || listed.entry.pruned !== undefined) return undefined;
    const { registry, entry } = listed;
    const name = releaseName(collection, version);
    return await this.#releases.get(`${name} ${entry.sha256}`, async () => {
      const { release, bytes } = await loadRelease(this.#reader, registry, { collection, version });
      const files = release.artifacts.map(({ file, path, size, sha256, mediaType }): [string, FileFacts] => [
        file,
        { file, key: path, size, sha256: Sha256.of(sha256), mediaType: safeMediaType(mediaType) },
      ]);
      const whole = new Uint8Array(bytes);
      return { collection, version, sha256: Sha256.of(entry.sha256), bytes: whole, files: new Map(files) };
    });
  }

  /**
   * The versions and tags of these files in this store.
   * @throws MirrorDamaged where `objects.json` does not name one
   */
  async objects({ collection, version }: KnownRelease, files: readonly FileFacts[]): Promise<ObjectsRecord> {
    const lacks = (objects: ObjectsRecord) => files.find(({ file }) => !Object.hasOwn(objects, file));
    let objects = await this.#objectsOf(collection, version, ages.objects);
    if (lacks(objects) !== undefined) objects = await this.#objectsOf(collection, version, ages.missing);
    const lacking = lacks(objects);
    if (lacking === undefined) return objects;
    throw new MirrorDamaged(`${objectsKey(collection, version)} of ${this.#reader.url} does not name ${lacking.file}`, {
      hint: 'Stage the release again: that puts back what is lost.',
    });
  }

  /** RELEASE.md as it is stored; undefined where there is none. */
  async notes({ collection, version }: KnownRelease): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const key = notesKey(collection, version);
    return (await this.#notes.get(key, async () => ({ bytes: await this.#read(key) }))).bytes;
  }

  async #read(key: string): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      return new Uint8Array(await readWhole(this.#reader, key, recordLimit));
    } catch (error) {
      if (error instanceof NotFound) return undefined;
      throw error;
    }
  }

  async #objectsOf(collection: string, version: string, maxAge: number): Promise<ObjectsRecord> {
    const key = objectsKey(collection, version);
    const load = async () => {
      const what = `${key} of ${this.#reader.url}`;
      const bytes = await this.#read(key);
      if (bytes === undefined) throw new MirrorDamaged(`${what} is gone`);
      return { objects: parseRecord(bytes, objectsSchema, 'weighbridge/objects/1', what), size: bytes.length };
    };
    return (await this.#objects.get(key, load, maxAge)).objects;
  }
}
