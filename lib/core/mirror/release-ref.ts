import { UsageError } from '../errors.ts';
import { collectionProblem, versionProblem } from '../manifest/release-name.ts';

/** `collection[@version]` as the user names a release. */
export interface ReleaseRef {
  readonly collection: string;
  /** Undefined for the latest one. */
  readonly version: string | undefined;
}

/** Can it be the name of a collection? What is used as a path is checked first, whoever wrote it. */
export function isCollectionName(text: string): boolean {
  return collectionProblem(text) === undefined;
}

/** Can it be a version: semver without build metadata, or a tag? */
export function isVersionName(text: string): boolean {
  return versionProblem(text, 'tag') === undefined || versionProblem(text, 'semver') === undefined;
}

/** @throws UsageError for anything but `collection`, `collection@latest` and `collection@version`. */
export function parseReleaseRef(text: string): ReleaseRef {
  const at = text.indexOf('@');
  const collection = at < 0 ? text : text.slice(0, at);
  const version = at < 0 ? 'latest' : text.slice(at + 1);
  const problem = collectionProblem(collection);
  if (problem !== undefined) {
    throw new UsageError(`${JSON.stringify(text)} names no release: write COLLECTION or COLLECTION@VERSION`, {
      hint: `For the collection: ${problem}.`,
    });
  }
  if (version === 'latest') return { collection, version: undefined };
  if (!isVersionName(version)) {
    throw new UsageError(`${JSON.stringify(version)} in ${JSON.stringify(text)} cannot be a version`, {
      hint: 'Versions look like 1.2.0 or, where a collection uses tags, like v2-final.',
    });
  }
  return { collection, version };
}

/** `collection@version`, as messages and reports name a release. */
export function releaseName(collection: string, version: string): string {
  return `${collection}@${version}`;
}
