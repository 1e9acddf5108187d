import type * as z from 'zod';
import { closestWord } from './did-you-mean.ts';
import type { FieldPath } from './field-path.ts';
import { knownFields } from './known-fields.ts';
import type { Finding } from './problem-list.ts';
import { valueAt } from './value-at.ts';

/** A kind of file that people write: its schema, and what only this kind has to say. */
export interface DocumentShape {
  readonly schema: z.ZodType;
  /** Said of a file that is text or a list. */
  readonly notOne: string;
  /** Said of a file without any value. */
  readonly empty: string;
  /** What to write where a required field is not there. */
  missing(path: FieldPath): string | undefined;
  /** Is this field of the schema one that people should not be offered? */
  hides?(field: string, path: FieldPath): boolean;
  /** Is this value of the schema one that people should not be offered? */
  hidesValue?(value: string, path: FieldPath): boolean;
  /** Words of its own for an issue; undefined for the usual ones. */
  message?(issue: z.core.$ZodIssue, value: unknown, path: FieldPath, root: unknown): Finding['message'] | undefined;
}

/** More unknown fields than this in one mapping say nothing new. */
const maximumUnknown = 20;

/** Everything that the schema has against the value, in our words. */
export function schemaFindings(value: unknown, shape: DocumentShape): Finding[] {
  const result = shape.schema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => findingsOf(issue, value, shape));
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown, shape: DocumentShape): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') return unknownFields(path, issue.keys, shape);
  if (issue.code === 'invalid_key') return [{ path, at: 'key', message: issue.issues[0]?.message ?? issue.message }];
  const value = valueAt(root, path);
  if (value === undefined) return [{ path, message: missing(path, shape) }];
  if (path.length === 0 && (typeof value !== 'object' || Array.isArray(value)))
    return [{ path, message: shape.notOne }];
  return [{ path, message: shape.message?.(issue, value, path, root) ?? messageFor(issue, value, path, shape) }];
}

function unknownFields(path: FieldPath, keys: readonly string[], shape: DocumentShape): Finding[] {
  const known = knownFields(shape.schema, path).filter((field) => shape.hides?.(field, path) !== true);
  const listed: Finding[] = keys.slice(0, maximumUnknown).map((key) => {
    const near = closestWord(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    return { path: [...path, key], at: 'key', message: `unknown field; ${hint}` };
  });
  const more = keys.length - maximumUnknown;
  if (more > 0) listed.push({ path, message: `${more} more unknown fields` });
  return listed;
}

function missing(path: FieldPath, shape: DocumentShape): string {
  const hint = shape.missing(path);
  return `required and not there${hint === undefined ? '' : `; ${hint}`}`;
}

function messageFor(
  issue: z.core.$ZodIssue,
  value: unknown,
  path: FieldPath,
  shape: DocumentShape,
): Finding['message'] {
  if (value === null) return path.length === 0 ? shape.empty : 'this has no value; write one, or remove the line';
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      return `write ${offered(issue.values.map(String), path, shape).join(' or ')}`;
    case 'too_big':
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number' ? numberMessage(value) : issue.message;
    case 'invalid_union':
      return `${describeValue(value)} does not fit here`;
    default:
      return issue.message;
  }
}

function offered(values: readonly string[], path: FieldPath, shape: DocumentShape): string[] {
  return values.filter((value) => shape.hidesValue?.(value, path) !== true);
}

function wrongType(expected: string, value: unknown): Finding['message'] {
  switch (expected) {
    case 'string':
      if (typeof value === 'object') return `text belongs here, not ${describeValue(value)}`;
      return (written) => `YAML reads this as ${describeValue(value)}; quote it: "${written}"`;
    case 'int':
    case 'number':
      return numberMessage(value);
    case 'boolean':
      return `write true or false, not ${describeValue(value)}`;
    case 'array':
      return `a list belongs here, not ${describeValue(value)}`;
    default:
      return `fields with values belong here, not ${describeValue(value)}`;
  }
}

function numberMessage(value: unknown): string {
  if (typeof value === 'string' && /^\d+$/u.test(value)) return 'write the number without quotes';
  if (typeof value !== 'number') return `a whole number belongs here, not ${describeValue(value)}`;
  if (value < 0) return 'a number that is not negative belongs here';
  return Number.isInteger(value) ? `at most ${Number.MAX_SAFE_INTEGER}` : 'a whole number belongs here';
}

/** What kind of value this is, for people. */
export function describeValue(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'fields with values';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'true or false' : 'a number';
}
