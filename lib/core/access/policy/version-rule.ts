import semver from 'semver';
import type { Grant } from '../access-policy.ts';
import { compilePattern } from './text-pattern.ts';

/** Versions are ordered by semver where they are such; everything else is a tag. */
export function isSemver(version: string): boolean {
  return semver.valid(version) === version;
}

/**
 * Which versions a grant covers. A range covers a prerelease only when it says so itself (`1.0.0-rc.1`), as with npm,
 * or when the grant does. Tags are covered by `tags` alone, and what is semver by `versions` alone.
 * @throws TypeError when `versions` is no range.
 */
export function compileVersions(grant: Pick<Grant, 'versions' | 'prereleases' | 'tags'>): (version: string) => boolean {
  const { versions, tags } = grant;
  if (versions === null && tags === null) return () => true;
  const range = versions === null ? undefined : new semver.Range(versions, { includePrerelease: grant.prereleases });
  const patterns = (tags ?? []).map(compilePattern);
  return (version) =>
    isSemver(version) ? (range?.test(version) ?? false) : patterns.some((covers) => covers(version));
}
