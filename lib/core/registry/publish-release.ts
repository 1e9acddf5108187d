import { notesKey, objectsKey, releaseKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import { isSyncable, type ObjectStat, type Store, StoreError } from '../stores/store.ts';
import { briefly, forever } from './cache-control.ts';
import { latestVersion } from './latest-version.ts';
import { type CollectionEntry, type ObjectsRecord, type Registry, type Release, releaseSchema } from './records.ts';
import { collectionOf, registryEntry } from './registry-entry.ts';
import { swapRegistry } from './registry-file.ts';
import { encodeRecord, objectsRecord, type ReleaseDraft, releaseRecord } from './release-draft.ts';
import { releaseNotes } from './release-notes.ts';
import { decideSet, type ReleaseName } from './release-set.ts';

export interface PublishedRelease {
  readonly release: Release;
  /** SHA-256 of `release.json` as it is in the store. */
  readonly sha256: Sha256;
  /** False: the registry had exactly this release already. */
  readonly changed: boolean;
  /** What was published: without the optional artifacts that an earlier publisher had left out. */
  readonly draft: ReleaseDraft;
}

/**
 * Writes the records of a release in the order that keeps readers from ever meeting a dangling reference:
 * SHA256SUMS, RELEASE.md, objects.json, release.json, and then the registry by compare-and-swap. Each is
 * put-if-absent; what is there already is adopted if it says the same.
 * @throws Refused when the version has other content.
 */
export async function publishRelease(
  store: Store,
  wanted: ReleaseDraft,
  clock: Clock,
  signal: AbortSignal,
): Promise<PublishedRelease> {
  // Artifacts must survive a power cut before any record names them.
  await syncStore(store);
  signal.throwIfAborted();
  const draft = await decideSet(store, wanted);
  await writeNotes(store, draft);
  await writeObjectsRecord(store, draft.manifest, objectsRecord(draft.proven));
  // On some file systems a later name may survive a power cut that an earlier one does not.
  await syncStore(store);
  signal.throwIfAborted();
  const { release, sha256 } = await writeRelease(store, draft);
  await syncStore(store);
  signal.throwIfAborted();
  const changed = await listInRegistry(store, release, sha256, draft, clock, signal);
  await syncStore(store);
  return { release, sha256, changed, draft };
}

/** What was written survives a power cut from here on. */
export async function syncStore(store: Store): Promise<void> {
  if (isSyncable(store)) await store.sync();
}

/** `RELEASE.md`; one that is there already stays. */
export async function writeNotes(store: Store, draft: ReleaseDraft): Promise<void> {
  const { collection, version } = draft.manifest;
  const attributes = { contentType: 'text/markdown; charset=utf-8', cacheControl: forever };
  await store.put(notesKey(collection, version), Buffer.from(releaseNotes(draft)), { ifAbsent: true }, attributes);
}

/**
 * This store's own record of versions and tags; replaced when an object was put back.
 * @param known Tag of the record that is there, where that was seen: it saves finding out.
 */
export async function writeObjectsRecord(
  store: Store,
  { collection, version }: ReleaseName,
  record: ObjectsRecord,
  known?: string,
): Promise<ObjectStat> {
  const key = objectsKey(collection, version);
  const bytes = encodeRecord(record);
  const attributes = { contentType: 'application/json', cacheControl: briefly };
  const condition = known === undefined ? ({ ifAbsent: true } as const) : { ifMatch: known };
  let put = await store.put(key, bytes, condition, attributes);
  for (let tries = 0; put.outcome === 'exists' && tries < 20; tries += 1) {
    if (put.stat === undefined) put = await store.put(key, bytes, { ifAbsent: true }, attributes);
    else {
      const present = (await store.get(key, recordLimit))?.bytes;
      if (present !== undefined && Buffer.compare(present, bytes) === 0) return put.stat;
      put = await store.put(key, bytes, { ifMatch: put.stat.etag }, attributes);
    }
  }
  if (put.outcome === 'exists')
    throw new StoreError(`${key} changes faster than it can be written`, { retryable: true });
  return put.stat;
}

async function writeRelease(
  store: Store,
  draft: ReleaseDraft,
): Promise<{ readonly release: Release; readonly sha256: Sha256 }> {
  const { collection, version } = draft.manifest;
  const key = releaseKey(collection, version);
  const release = releaseRecord(draft);
  const bytes = encodeRecord(release);
  const put = await store.put(
    key,
    bytes,
    { ifAbsent: true },
    { contentType: 'application/json', cacheControl: forever },
  );
  if (put.outcome === 'created') return { release, sha256: Sha256.ofBytes(bytes) };
  const present = (await store.get(key, recordLimit))?.bytes;
  if (present === undefined) throw new StoreError(`${key} appeared and vanished`);
  const theirs = parseRecord(present, releaseSchema, 'weighbridge/release/1', `${key} of ${store.url}`);
  if (theirs.content !== release.content) throw otherContent(collection, version, theirs.content, release.content);
  return { release: theirs, sha256: Sha256.ofBytes(present) };
}

/** Adds the release to the registry. False: it was there already. @throws Refused for other content under its name. */
async function listInRegistry(
  store: Store,
  release: Release,
  sha256: Sha256,
  draft: ReleaseDraft,
  clock: Clock,
  signal: AbortSignal,
): Promise<boolean> {
  const { collection, version } = release;
  let changed = true;
  const change = (registry: Registry): Registry | undefined => {
    const before = collectionOf(registry, collection);
    checkScheme(draft.manifest, before);
    const present = registryEntry(registry, collection, version);
    if (present !== undefined) {
      if (present.content !== release.content) {
        throw otherContent(collection, version, present.content, release.content);
      }
      changed = false;
      return undefined;
    }
    changed = true;
    const entry = {
      release: releaseKey(collection, version),
      content: release.content,
      sha256: sha256.hex,
      bytes: release.artifacts.reduce((sum, artifact) => sum + artifact.size, 0),
      artifacts: release.artifacts.length,
      publishedAt: publicationTime(before, clock),
    };
    const versions = { ...before?.versions, [version]: entry };
    const scheme = draft.manifest.versioning === 'tag' ? ({ versioning: 'tag' } as const) : {};
    const after = { ...before, ...scheme, versions, latest: latestVersion({ ...scheme, versions }) };
    const mirrors = [...(draft.mirrors ?? registry.mirrors)];
    return { ...registry, mirrors, collections: { ...registry.collections, [collection]: after } };
  };
  await swapRegistry(store, change, clock, signal);
  return changed;
}

/**
 * Now, and always after every earlier release of the collection: of tags the one published last is the latest,
 * whatever the clocks of the publishers say.
 */
function publicationTime(collection: CollectionEntry | undefined, clock: Clock): string {
  const earlier = Object.values(collection?.versions ?? {}).map(({ publishedAt }) => Date.parse(publishedAt) + 1);
  const newest = earlier.reduce((a, b) => (b > a ? b : a), 0);
  return new Date(Math.max(clock.now().getTime(), newest)).toISOString();
}

/** @throws Refused for versions of another scheme than the collection has. */
export function checkScheme(
  manifest: Pick<Manifest, 'collection' | 'versioning'>,
  collection: CollectionEntry | undefined,
): void {
  if (collection === undefined || (collection.versioning ?? 'semver') === manifest.versioning) return;
  const scheme = collection.versioning === 'tag' ? 'tags' : 'semver';
  throw new Refused(
    'released-content',
    `${manifest.collection} has ${scheme} as versions; a collection keeps one scheme`,
    {
      hint: `Take a version of that scheme${collection.versioning === 'tag' ? ', with "versioning: tag"' : ''}, or another collection.`,
    },
  );
}

export function otherContent(collection: string, version: string, published: string, wanted: string): Refused {
  return new Refused(
    'released-content',
    `${collection}@${version} is published with other content; a release never changes`,
    {
      hint: 'Take a new version: what is published stays as it is.',
      evidence: { published, wanted },
    },
  );
}
