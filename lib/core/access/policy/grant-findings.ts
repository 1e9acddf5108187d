import semver from 'semver';
import { closestWord } from '../../manifest/did-you-mean.ts';
import type { FieldPath } from '../../manifest/field-path.ts';
import { type LooseFields, looseFields, looseList, textOf } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { collectionProblem, versionProblem } from '../../manifest/release-name.ts';
import { longestUrlLifetime, policyName } from '../policy-document.ts';
import { type LoosePolicy, type PolicyCheck, warning } from './check-options.ts';
import { lifetimeSeconds } from './lifetime.ts';
import { patternProblem } from './text-problem.ts';
import { isSemver } from './version-rule.ts';

const longestRange = 512;

/** What is wrong with the grants, beyond their shape. */
export function grantFindings(policy: LoosePolicy, check: PolicyCheck): Finding[] {
  return Object.entries(policy.grants).flatMap(([name, value]) => {
    const path = ['grants', name];
    const grant = looseFields(value);
    return [
      ...toFindings(grant.to, [...path, 'to'], policy),
      ...patterns(grant.collections, [...path, 'collections'], check, neverACollection),
      ...patterns(grant.tags, [...path, 'tags'], check, neverATag),
      ...patterns(grant.files, [...path, 'files'], check, neverAFile),
      ...versionFindings(grant, path),
      ...lifetimeFindings(grant.maximumLifetime, [...path, 'maximumLifetime']),
    ];
  });
}

function toFindings(value: unknown, path: FieldPath, { principals }: LoosePolicy): Finding[] {
  const names = looseList(value);
  return names.flatMap((name, index): Finding[] => {
    const here = [...path, index];
    if (typeof name !== 'string') return [];
    if (names.indexOf(name) !== index) return [warning(here, 'stands here a second time')];
    if (Object.hasOwn(principals, name)) return [];
    const near = closestWord(
      name,
      Object.keys(principals).filter((known) => policyName.test(known)),
    );
    const hint = near === undefined ? '' : `; did you mean ${near}?`;
    return [{ path: here, message: `no principal of this name stands under \`principals\`${hint}` }];
  });
}

function patterns(
  value: unknown,
  path: FieldPath,
  check: PolicyCheck,
  never: (pattern: string) => string | undefined,
): Finding[] {
  const texts = looseList(value);
  return texts.flatMap((text, index): Finding[] => {
    const here = [...path, index];
    if (typeof text !== 'string' || text === '') return [];
    if (texts.indexOf(text) !== index) return [warning(here, 'stands here a second time')];
    const problem = patternProblem(text, check.placeholders);
    if (problem !== undefined) return [{ path: here, message: problem }];
    const why = never(text);
    return why === undefined ? [] : [warning(here, `can never match: ${why}`)];
  });
}

function neverACollection(pattern: string): string | undefined {
  if (!pattern.includes('*')) return collectionProblem(pattern);
  return /[^a-z0-9._*-]/u.test(pattern)
    ? 'collections have lower-case letters, digits, ".", "_" and "-" alone'
    : undefined;
}

function neverATag(pattern: string): string | undefined {
  if (pattern.includes('*')) {
    return /[^A-Za-z0-9._*-]/u.test(pattern) ? 'tags have letters, digits, ".", "_" and "-" alone' : undefined;
  }
  if (isSemver(pattern)) return 'this is semver, which `versions` covers';
  return versionProblem(pattern, 'tag');
}

function neverAFile(pattern: string): string | undefined {
  if (pattern.startsWith('/')) return 'files are named from the top of the release, without "/" before them';
  if (pattern.includes('\\')) return 'files have "/" between folders';
  if (pattern.endsWith('/')) return `this is a folder; write ${pattern}** for what is in it`;
  if (pattern.split('/').some((part) => part === '' || part === '.' || part === '..')) return 'no file has such a path';
  return undefined;
}

function versionFindings(grant: LooseFields, path: FieldPath): Finding[] {
  const here = [...path, 'versions'];
  const range = textOf(grant.versions);
  if (range === undefined) {
    if (grant.versions !== undefined || grant.prereleases === undefined) return [];
    const message = 'has a meaning only with versions: without them every version is covered; write versions: "*" too';
    return [{ path: [...path, 'prereleases'], at: 'key', message }];
  }
  const problem = rangeProblem(range);
  if (problem !== undefined) return [{ path: here, message: problem }];
  const includePrerelease = grant.prereleases === true;
  const parsed = new semver.Range(range, { includePrerelease });
  if (semver.minVersion(parsed) === null) return [warning(here, 'can never match: no version is in this range')];
  const upper = includePrerelease ? upperBound(parsed) : undefined;
  if (upper === undefined) return [];
  return [warning(here, `with prereleases this covers ${upper}-rc.1 too; write <${upper}-0 where that is not meant`)];
}

function rangeProblem(range: string): string | undefined {
  if (range === '') return undefined;
  if (range.length > longestRange) return `a range has at most ${longestRange} characters`;
  if (range.trim() === '') return 'the range is empty; write "*", or leave the line out for every version';
  if (range.includes('+')) return 'a version has no build metadata (+…); remove it';
  if (semver.validRange(range) !== null) return undefined;
  const example = '">=1.2 <3", "^1.4" or "1.2.0 || 1.3.0"';
  if (range.trim().toLowerCase() === 'latest') return `"latest" is no version; write a range such as ${example}`;
  return `not a range of semver; write one such as ${example}, or list tags under \`tags\``;
}

/** `<2.0.0` is later than `2.0.0-rc.1`, which surprises. */
function upperBound(range: semver.Range): string | undefined {
  const bounds = range.set
    .flat()
    .filter(({ operator, semver: bound }) => operator === '<' && bound.prerelease?.length === 0);
  return bounds[0]?.semver.version;
}

function lifetimeFindings(value: unknown, path: FieldPath): Finding[] {
  const text = textOf(value);
  const seconds = text === undefined ? undefined : lifetimeSeconds(text);
  if (seconds === undefined || seconds <= longestUrlLifetime) return [];
  return [{ path, message: 'a URL lives for at most 1h: the credentials that sign it live no longer' }];
}
