import { valid } from 'semver';
import { collectionProblem, versionProblem } from '../manifest/release-name.ts';

/** The collection that a name of another system may become: `Owner-Models` is `owner-models`; undefined for none. */
export function collectionFrom(name: string | undefined): string | undefined {
  const lower = name?.toLowerCase().replace(/[^a-z0-9._-]+/g, '-') ?? '';
  return collectionProblem(lower) === undefined ? lower : undefined;
}

/**
 * The version that a tag of another system may become: `v1.2.0` is `1.2.0`, any other stays as it is if it can be a
 * version of `versioning: tag`. Undefined for names that move, such as `main`, and for commits.
 */
export function versionFrom(tag: string): string | undefined {
  if (/^(?:main|master|head|latest|[0-9a-f]{40})$/i.test(tag)) return undefined;
  const plain = tag.replace(/^v(?=\d)/, '');
  if (valid(plain) === plain && !plain.includes('+')) return plain;
  return versionProblem(tag, 'tag') === undefined ? tag : undefined;
}
