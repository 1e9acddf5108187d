import semver from 'semver';
import { registryKey } from '../../contract/keys.ts';
import { isDeviceName } from './fold-name.ts';
import { collectionPattern, tagPattern } from './manifest-schema.ts';

/** What is wrong with the name of a collection, beyond its pattern; undefined when it may be used. */
export function collectionProblem(name: string): string | undefined {
  if (!collectionPattern.test(name)) {
    return 'write lower-case letters, digits, ".", "_" and "-", beginning with a letter or digit, at most 127 characters';
  }
  if (name.includes('..')) return 'a collection must not contain ".."';
  if (name.endsWith('.')) return 'a collection must not end in a dot';
  if (name === registryKey) return `${registryKey} is the name of the registry; take another`;
  if (isDeviceName(name)) return `"${name}" is the name of a device on Windows; take another`;
  return undefined;
}

/** What is wrong with a version; undefined when it may be used. */
export function versionProblem(version: string, versioning: 'semver' | 'tag'): string | undefined {
  if (version.toLowerCase() === 'latest') return '"latest" is reserved: it means the newest release; write a version';
  return versioning === 'tag' ? tagProblem(version) : semverProblem(version);
}

function tagProblem(tag: string): string | undefined {
  if (!tagPattern.test(tag)) {
    return 'a tag has letters, digits, ".", "_" and "-", begins with a letter or digit, at most 64 characters';
  }
  if (tag.includes('..')) return 'a tag must not contain ".."';
  if (tag.endsWith('.')) return 'a tag must not end in a dot';
  if (isDeviceName(tag)) return `"${tag}" is the name of a device on Windows; take another`;
  return undefined;
}

function semverProblem(version: string): string | undefined {
  const orTag = 'or say `versioning: tag`';
  if (semver.valid(version) === version) return undefined;
  const parsed = semver.parse(version);
  if (parsed !== null && parsed.build.length > 0) {
    return `a version has no build metadata (+…); write ${parsed.version}, ${orTag}`;
  }
  if (parsed !== null) return `write ${parsed.version}, ${orTag}`;
  const short = /^v?(0|[1-9]\d{0,8})(?:\.(0|[1-9]\d{0,8}))?$/u.exec(version);
  if (short !== null) return `a version has three numbers; write ${short[1]}.${short[2] ?? 0}.0, ${orTag}`;
  if (/^\d+\.\d+\.\d+/u.test(version) && /(?:^|[.-])0\d/u.test(version)) {
    return `the numbers of a version have no leading zeros; remove them, ${orTag}`;
  }
  return `not a semantic version such as 1.2.0 or 0.3.0-rc.1; write one, ${orTag}`;
}
