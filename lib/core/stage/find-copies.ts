import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import type { Registry, Release } from '../registry/records.ts';
import { releaseSchema } from '../registry/records.ts';
import { collectionOf } from '../registry/registry-entry.ts';
import type { Store } from '../stores/store.ts';

/** An object of this store that a published release says has the wanted bytes. */
export interface CopySource {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
}

/** Records to read at most: of the same collection, and of all others where reading is free. */
const sameCollection = 50;
const everywhere = 1000;

/**
 * Looks for wanted digests in releases that the store has already, newest first. Where requests cost money
 * only the collection's own releases are read, so that a large registry does not make publishing dearer.
 */
export async function findCopies(
  store: Store,
  registry: Registry | undefined,
  collection: string,
  wanted: ReadonlySet<string>,
): Promise<ReadonlyMap<string, CopySource>> {
  const found = new Map<string, CopySource>();
  if (registry === undefined || wanted.size === 0) return found;
  const free = store.kind === 'directory' || store.kind === 'memory';
  for (const key of candidates(registry, collection, free)) {
    if (found.size === wanted.size) break;
    const release = await readIntact(store, key);
    for (const artifact of release?.artifacts ?? []) {
      if (!wanted.has(artifact.sha256) || found.has(artifact.sha256)) continue;
      found.set(artifact.sha256, { key: artifact.path, size: artifact.size, sha256: artifact.sha256 });
    }
  }
  return found;
}

function candidates(registry: Registry, collection: string, free: boolean): readonly string[] {
  const keys = (names: readonly string[], most: number) =>
    names
      .flatMap((name) => Object.values(collectionOf(registry, name)?.versions ?? {}))
      .filter((entry) => entry.pruned === undefined)
      .sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1))
      .slice(0, most)
      .map((entry) => entry.release);
  const own = keys([collection], sameCollection);
  if (!free) return own;
  const others = Object.keys(registry.collections).filter((name) => name !== collection);
  return [...own, ...keys(others, everywhere)];
}

/** A record that cannot be read is no source for copies; `verify` is what reports it. */
async function readIntact(store: Store, key: string): Promise<Release | undefined> {
  const bytes = (await store.get(key, recordLimit))?.bytes;
  if (bytes === undefined) return undefined;
  try {
    return parseRecord(bytes, releaseSchema, 'weighbridge/release/1', key);
  } catch {
    return undefined;
  }
}
