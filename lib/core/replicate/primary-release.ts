import { artifactKey, releaseKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { checkRelease } from '../mirror/check-release.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { recordLimit } from '../mirror/read-record.ts';
import { releaseName } from '../mirror/release-ref.ts';
import type { CollectionEntry, MirrorAddress, RegistryEntry, Release } from '../registry/records.ts';
import { collectionOf, registryEntry } from '../registry/registry-entry.ts';
import { readRegistry } from '../registry/registry-file.ts';
import type { ReleaseName } from '../registry/release-set.ts';
import type { ObjectStat, Store } from '../stores/store.ts';

/** A published release in the store that its replicas are made from. */
export interface PrimaryRelease extends ReleaseName {
  readonly store: Store;
  readonly versioning: CollectionEntry['versioning'];
  readonly entry: RegistryEntry;
  /** Where its registry says that releases can be read. */
  readonly mirrors: readonly MirrorAddress[];
  readonly record: Release;
  /** `release.json` as it is stored. */
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
  /** What the run that published it knows of its objects, by file; may lack any of them. */
  readonly stats: ReadonlyMap<string, ObjectStat>;
  /** The bytes of another record of the release, read once. @throws MirrorDamaged when it is gone */
  shared(file: 'SHA256SUMS' | 'RELEASE.md'): Promise<Uint8Array>;
}

/**
 * Reads what replicas are made from, by the chain registry → `release.json` → content.
 * @throws MirrorDamaged where the chain does not hold: nothing of that is spread.
 */
export async function readPrimary(
  store: Store,
  { collection, version }: ReleaseName,
  stats: ReadonlyMap<string, ObjectStat>,
): Promise<PrimaryRelease> {
  const name = releaseName(collection, version);
  const registry = (await readRegistry(store))?.registry;
  const entry = registryEntry(registry, collection, version);
  if (entry === undefined) throw new MirrorDamaged(`the registry of ${store.url} does not list ${name} any more`);
  const bytes = await readShared(store, releaseKey(collection, version));
  const { release: record, faults } = checkRelease(bytes, { collection, version, entry }, registry?.access);
  const [fault] = faults;
  if (record === undefined || fault !== undefined) {
    throw new MirrorDamaged(`${fault?.message ?? `release.json of ${name} cannot be read`} (${store.url})`);
  }
  const read = new Map<string, Promise<Uint8Array>>();
  return {
    store,
    collection,
    version,
    versioning: collectionOf(registry, collection)?.versioning,
    entry,
    mirrors: registry?.mirrors ?? [],
    record,
    bytes,
    sha256: Sha256.ofBytes(bytes),
    stats,
    shared(file) {
      const known = read.get(file) ?? readShared(store, artifactKey(collection, version, file));
      read.set(file, known);
      return known;
    },
  };
}

async function readShared(store: Store, key: string): Promise<Uint8Array> {
  const found = await store.get(key, recordLimit);
  if (found !== undefined) return found.bytes;
  throw new MirrorDamaged(`${key} of ${store.url} is gone`, { hint: 'Stage the release again: it puts it back.' });
}
