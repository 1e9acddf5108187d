import { UsageError } from '../errors.ts';

/** `collection[@version]` as the user names a release. */
export interface ReleaseRef {
  readonly collection: string;
  /** Undefined for the latest one. */
  readonly version: string | undefined;
}

const collectionPattern = /^[a-z0-9][a-z0-9._-]{0,126}$/;
const versionPattern = /^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$/;

/** Can it be the name of a collection? What is used as a path is checked first, whoever wrote it. */
export function isCollectionName(text: string): boolean {
  return collectionPattern.test(text) && !text.includes('..') && !text.endsWith('.');
}

/** Can it be a version: semver without build metadata, or a tag? */
export function isVersionName(text: string): boolean {
  return versionPattern.test(text) && !text.endsWith('.') && text !== 'latest';
}

/** @throws UsageError for anything but `collection`, `collection@latest` and `collection@version`. */
export function parseReleaseRef(text: string): ReleaseRef {
  const at = text.indexOf('@');
  const collection = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? 'latest' : text.slice(at + 1);
  if (!isCollectionName(collection)) {
    throw new UsageError(`${JSON.stringify(text)} names no release: expected collection or collection@version`, {
      hint: 'collections are lowercase letters, digits, ".", "_" and "-"',
    });
  }
  if (version === 'latest') return { collection, version: undefined };
  if (!isVersionName(version)) {
    throw new UsageError(`${JSON.stringify(version)} in ${JSON.stringify(text)} cannot be a version`);
  }
  return { collection, version };
}

/** `collection@version`, as messages and reports name a release. */
export function releaseName(collection: string, version: string): string {
  return `${collection}@${version}`;
}
