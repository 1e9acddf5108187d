import { objectsKey } from '../../contract/keys.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import type { ObjectsRecord, Registry, Release } from '../registry/records.ts';
import { objectsSchema, releaseSchema } from '../registry/records.ts';
import { collectionOf } from '../registry/registry-entry.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import { isServerCopying, type ServerCopying } from '../stores/server-copying.ts';
import type { Store } from '../stores/store.ts';

/** What tells whether an object is still the one that was proven, and what a copy of it must be. */
export interface CopyProof {
  /** Base64, of the whole object. */
  readonly crc32c: string;
  readonly etag: string;
  readonly version?: string | undefined;
}

/** An object of this store that a published release says has the wanted bytes. */
export interface CopySource {
  readonly key: string;
  readonly size: number;
  readonly sha256: string;
  /** Only where the store can copy by itself, and the records say enough. */
  readonly proof?: CopyProof;
}

/** Records to read at most where reading is free: of the same collection, and of all others. */
const sameCollection = 50;
const everywhere = 1000;

/**
 * Where requests cost money, and each takes its time: records to read at most, and bytes wanted below which none is
 * read at all. Eight GETs cost what fetching 64 MiB takes in a second or two, and successive versions of a collection
 * share their files with the newest ones; so publishing something small never costs more because the registry is large.
 */
const newestOnly = 8;
const worthLooking = 64 * 2 ** 20;

/**
 * Looks for wanted digests in releases that the store has already, newest first.
 * @param wanted Bytes by digest in lowercase hex.
 */
export async function findCopies(
  store: Store,
  registry: Registry | undefined,
  collection: string,
  wanted: ReadonlyMap<string, number>,
): Promise<ReadonlyMap<string, CopySource>> {
  const found = new Map<string, CopySource>();
  if (registry === undefined || wanted.size === 0) return found;
  const free = store.kind === 'directory';
  if (!free && [...wanted.values()].reduce((sum, size) => sum + size, 0) < worthLooking) return found;
  for (const key of candidates(registry, collection, free)) {
    if (found.size === wanted.size) break;
    const release = await readIntact(store, key);
    const hits = release?.artifacts.filter(({ sha256 }) => wanted.has(sha256) && !found.has(sha256)) ?? [];
    if (release === undefined || hits.length === 0) continue;
    const objects = hits.some(({ size }) => copiesByItself(store, size)) ? await readObjects(store, release) : {};
    for (const { path, size, sha256, file, crc32c } of hits) {
      const object = Object.hasOwn(objects, file) ? objects[file] : undefined;
      const known = object === undefined || crc32c === null ? undefined : { crc32c, ...object };
      found.set(sha256, { key: path, size, sha256, ...(known === undefined ? {} : { proof: known }) });
    }
  }
  return found;
}

/** Of a small object a read and a put are the fewer requests: S3 takes three and more for a copy that it proves. */
export function copiesByItself(store: Store, size: number): store is Store & ServerCopying {
  return isServerCopying(store) && size > store.limits.singlePut;
}

/** What a run that proved an object itself knows of it, as a source for copies. */
export function provenCopy({ stat, crc32c }: ProvenArtifact): Pick<CopySource, 'size' | 'proof'> {
  const { size, etag, version } = stat;
  if (crc32c === null) return { size };
  return { size, proof: { crc32c, etag, ...(version === undefined ? {} : { version }) } };
}

function candidates(registry: Registry, collection: string, free: boolean): readonly string[] {
  const keys = (names: readonly string[], most: number) =>
    names
      .flatMap((name) => Object.values(collectionOf(registry, name)?.versions ?? {}))
      .filter((entry) => entry.pruned === undefined)
      .sort((a, b) => (a.publishedAt < b.publishedAt ? 1 : -1))
      .slice(0, most)
      .map((entry) => entry.release);
  if (!free) return keys([collection], newestOnly);
  const others = Object.keys(registry.collections).filter((name) => name !== collection);
  return [...keys([collection], sameCollection), ...keys(others, everywhere)];
}

/** A record that cannot be read is no source for copies; `verify` is what reports it. */
async function readIntact(store: Store, key: string): Promise<Release | undefined> {
  const bytes = (await store.get(key, recordLimit))?.bytes;
  return bytes && intact(() => parseRecord(bytes, releaseSchema, 'weighbridge/release/1', key));
}

async function readObjects(store: Store, { collection, version }: Release): Promise<ObjectsRecord> {
  const key = objectsKey(collection, version);
  const bytes = (await store.get(key, recordLimit))?.bytes;
  return (bytes && intact(() => parseRecord(bytes, objectsSchema, 'weighbridge/objects/1', key))) ?? {};
}

function intact<T>(parse: () => T): T | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
