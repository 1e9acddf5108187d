import type { z } from 'zod';

/** What is wrong with one field, or with its name (`key`) where there should be no such field. */
export interface FieldIssue {
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly at: 'value' | 'key';
}

/** The parser's issue as issues of single fields: each unknown field for itself, each union as what was meant. */
export function fieldIssues(issue: z.core.$ZodIssue): FieldIssue[] {
  const path = issue.path.map((part) => (typeof part === 'number' ? part : String(part)));
  if (issue.code === 'unrecognized_keys') {
    return issue.keys.map((key) => ({ path: [...path, key], at: 'key', message: issue.message }));
  }
  if (issue.code === 'invalid_union') {
    const inner = issue.errors.flat();
    // The alternative that got further than its first look is the one that was meant.
    const meant = inner.filter((one) => one.path.length > 0 || one.code === 'unrecognized_keys');
    if (meant.length > 0) return meant.flatMap((one) => fieldIssues({ ...one, path: [...issue.path, ...one.path] }));
    return [{ path, at: 'value', message: alternatives(inner, issue.message) }];
  }
  if (issue.code === 'invalid_key') {
    return [{ path, at: 'key', message: issue.issues[0]?.message ?? issue.message }];
  }
  const at = issue.code === 'custom' && issue.params?.key === true ? 'key' : 'value';
  return [{ path, at, message: issue.message }];
}

/** `expected one of 1, 3, 5` for literals; of kinds what is said of all; else the first format, which is the usual one. */
function alternatives(issues: readonly z.core.$ZodIssue[], ofAll: string): string {
  const values = issues.flatMap((one) => (one.code === 'invalid_value' ? one.values : []));
  if (issues.every((one) => one.code === 'invalid_type')) return ofAll;
  const texts = issues.flatMap((one) => (one.code === 'invalid_format' ? [one.message] : []));
  if (values.length > 1 && texts.length === 0) return `expected one of ${values.join(', ')}`;
  return texts[0] ?? issues[0]?.message ?? 'expected something else';
}
