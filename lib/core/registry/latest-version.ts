import semver from 'semver';
import type { CollectionEntry, RegistryEntry } from './records.ts';

/**
 * The version that `@latest` means: the highest semver that is neither a prerelease nor withdrawn; where
 * versions are tags, the one published last; null when there is none.
 */
export function latestVersion(collection: Pick<CollectionEntry, 'versioning' | 'versions'>): string | null {
  const usable = Object.entries(collection.versions).filter(([, entry]) => !isWithdrawn(entry));
  if (collection.versioning === 'tag') {
    const newest = usable.reduce<[string, RegistryEntry] | undefined>(
      (best, next) => (best === undefined || next[1].publishedAt >= best[1].publishedAt ? next : best),
      undefined,
    );
    return newest?.[0] ?? null;
  }
  const stable = usable.map(([version]) => version).filter((version) => semver.prerelease(version) === null);
  return semver.rsort(stable)[0] ?? null;
}

export function isWithdrawn(entry: RegistryEntry): boolean {
  return entry.yanked !== undefined || entry.pruned !== undefined;
}
