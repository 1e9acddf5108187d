import semver from 'semver';
import { versionProblem } from '../../manifest/release-name.ts';

/** A tag as a version: `v1.2.0` is 1.2.0, any other tag stays as it is; undefined when it can be neither. */
export function releaseVersion(tag: string | undefined): string | undefined {
  if (tag === undefined) return undefined;
  const plain = tag.replace(/^v(?=\d)/u, '');
  if (semver.valid(plain) === plain && versionProblem(plain, 'semver') === undefined) return plain;
  return versionProblem(tag, 'tag') === undefined ? tag : undefined;
}
