import { objectsKey, releaseKey, releasePrefix } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { parseRecord, recordLimit } from '../mirror/read-record.ts';
import {
  type ObjectsRecord,
  objectsSchema,
  type Registry,
  type RegistryEntry,
  type Release,
  type ReleaseArtifact,
  releaseSchema,
} from '../registry/records.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { type ReleaseName, readSums } from '../registry/release-set.ts';
import type { SumsLine } from '../registry/sha256sums.ts';
import type { ObjectStat, Store } from '../stores/store.ts';

/** What a store holds of one release before anything is done. */
export interface Survey {
  /** Undefined where nobody claimed the store yet. */
  readonly registry: Registry | undefined;
  readonly entry: RegistryEntry | undefined;
  readonly release: { readonly record: Release; readonly sha256: Sha256 } | undefined;
  /** The set that a publisher decided on, when it got that far. */
  readonly sums: readonly SumsLine[] | undefined;
  /** The files that are in for ever, by the published record or else by `sums`; undefined while nobody decided. */
  readonly decided: ReadonlySet<string> | undefined;
  /** What the published record says, by file. */
  readonly recorded: ReadonlyMap<string, ReleaseArtifact>;
  /** Empty where there is none, or none that can be read: objects are then hashed, and it is written anew. */
  readonly objectsRecord: ObjectsRecord;
  /** Objects under the release's prefix, by file. */
  readonly objects: ReadonlyMap<string, ObjectStat>;
}

/** Looks at the records and lists the prefix: one LIST per 1,000 keys and at most four reads, whatever the number of artifacts. */
export async function surveyRelease(
  store: Store,
  { collection, version }: ReleaseName,
  registry: Registry | undefined,
): Promise<Survey> {
  const prefix = releasePrefix(collection, version);
  const objects = new Map<string, ObjectStat>();
  for await (const stat of store.list(prefix)) objects.set(stat.key.slice(prefix.length), stat);
  // A record that the listing does not show was not there then; whoever writes one now is met at the conditional puts.
  const has = (file: string) => objects.has(file);
  const release = has('release.json') ? await readRelease(store, releaseKey(collection, version)) : undefined;
  const sums = has('SHA256SUMS') ? await readSums(store, { collection, version }) : undefined;
  const decided = release?.record.artifacts ?? sums;
  const objectsRecord = has('objects.json') ? await readObjects(store, objectsKey(collection, version)) : {};
  for (const [file, stat] of objects) objects.set(file, withRecordedVersion(stat, file, objectsRecord));
  return {
    registry,
    entry: registryEntry(registry, collection, version),
    release,
    sums,
    decided: decided === undefined ? undefined : new Set(decided.map(({ file }) => file)),
    recorded: new Map(release?.record.artifacts.map((artifact) => [artifact.file, artifact])),
    objectsRecord,
    objects,
  };
}

/** Listings of S3 have no versions; of an object that is still the one recorded, the record has it. */
function withRecordedVersion(stat: ObjectStat, file: string, record: ObjectsRecord): ObjectStat {
  const recorded = Object.hasOwn(record, file) ? record[file] : undefined;
  if (stat.version !== undefined || recorded?.version === undefined || recorded.etag !== stat.etag) return stat;
  return { ...stat, version: recorded.version };
}

async function readRelease(store: Store, key: string): Promise<Survey['release']> {
  const bytes = (await store.get(key, recordLimit))?.bytes;
  if (bytes === undefined) return undefined;
  const record = parseRecord(bytes, releaseSchema, 'weighbridge/release/1', `${key} of ${store.url}`);
  return { record, sha256: Sha256.ofBytes(bytes) };
}

async function readObjects(store: Store, key: string): Promise<ObjectsRecord> {
  const bytes = (await store.get(key, recordLimit))?.bytes;
  if (bytes === undefined) return {};
  try {
    return parseRecord(bytes, objectsSchema, 'weighbridge/objects/1', `${key} of ${store.url}`);
  } catch (error) {
    // It only saves the work of hashing, and is the one record of a release that may be replaced.
    if (error instanceof MirrorDamaged) return {};
    throw error;
  }
}
