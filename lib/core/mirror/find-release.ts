import { NotFound } from '../errors.ts';
import type { Registry, RegistryEntry } from '../registry/records.ts';
import { knownNames } from './known-names.ts';
import { MirrorDamaged } from './mirror-errors.ts';
import { type ReleaseRef, releaseName } from './release-ref.ts';

/** One release as the registry lists it. */
export interface ListedRelease {
  readonly collection: string;
  readonly version: string;
  readonly entry: RegistryEntry;
}

/** Everything in the registry, by collection, then as published. */
export function listedReleases(registry: Registry): readonly ListedRelease[] {
  const listed: ListedRelease[] = [];
  for (const collection of Object.keys(registry.collections).sort()) {
    const versions = Object.entries(registry.collections[collection]?.versions ?? {});
    versions.sort(([, a], [, b]) => (a.publishedAt < b.publishedAt ? -1 : a.publishedAt > b.publishedAt ? 1 : 0));
    for (const [version, entry] of versions) listed.push({ collection, version, entry });
  }
  return listed;
}

/**
 * The release that the user means; without a version the collection's latest.
 * @param url how messages name the mirror
 * @throws NotFound listing what there is; also for a pruned release, whose bytes are gone for ever
 */
export function findRelease(registry: Registry, ref: ReleaseRef, url: string): ListedRelease {
  const { collection } = ref;
  // Names such as `constructor` are legal: only own members count.
  if (!Object.hasOwn(registry.collections, collection)) {
    const names = Object.keys(registry.collections).sort();
    throw new NotFound(`${url} has no collection ${collection}${knownNames(collection, names)}`);
  }
  const { latest, versions } = registry.collections[collection] as Registry['collections'][string];
  const names = Object.keys(versions).sort((a, b) => a.localeCompare(b, 'en', { numeric: true }));
  const version = ref.version ?? latest;
  if (version === null) {
    throw new NotFound(`${collection} has no latest version${knownNames('', names)}`, {
      hint: `name one: ${collection}@VERSION`,
    });
  }
  const entry = Object.hasOwn(versions, version) ? versions[version] : undefined;
  if (entry === undefined) {
    if (ref.version === undefined) {
      throw new MirrorDamaged(
        `the registry of ${url} calls ${version} the latest of ${collection} and does not list it`,
      );
    }
    throw new NotFound(`${url} has no ${releaseName(collection, version)}${knownNames(version, names)}`);
  }
  if (entry.pruned !== undefined) {
    throw new NotFound(`${releaseName(collection, version)} was pruned at ${entry.pruned.at}: its files are gone`, {
      hint: 'take another version',
    });
  }
  return { collection, version, entry };
}
