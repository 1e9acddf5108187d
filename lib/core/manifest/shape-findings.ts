import type * as z from 'zod';
import { closestWord } from './did-you-mean.ts';
import type { FieldPath } from './field-path.ts';
import { manifestSchema } from './manifest-schema.ts';
import type { Finding } from './problem-list.ts';
import { versionProblem } from './release-name.ts';
import { unsupportedFields } from './unsupported-fields.ts';

/** More unknown fields than this in one mapping say nothing new. */
const maximumUnknown = 20;

/** Everything that the schema has against the value, in our words. */
export function shapeFindings(value: unknown): Finding[] {
  const result = manifestSchema.safeParse(value);
  return result.success ? [] : result.error.issues.flatMap((issue) => findingsOf(issue, value));
}

function findingsOf(issue: z.core.$ZodIssue, root: unknown): Finding[] {
  const path = issue.path.map((part) => (typeof part === 'symbol' ? String(part) : part));
  if (issue.code === 'unrecognized_keys') return unknownFields(path, issue.keys);
  const value = valueAt(root, path);
  if (value === undefined) return [{ path, message: missing(path) }];
  if (path.length === 0 && value !== null) return [{ path, message: notAManifest }];
  return [{ path, message: numberAsVersion(path, value, root) ?? messageFor(issue, value, path) }];
}

const notAManifest = 'a manifest is a list of fields with values, of which the first is `weighbridge: 1`';

/** `version: 1.10` is wrong in two ways at once, and the author should learn of both. */
function numberAsVersion(path: FieldPath, value: unknown, root: unknown): Finding['message'] | undefined {
  if (path.length !== 1 || path[0] !== 'version' || typeof value !== 'number') return undefined;
  const versioning = valueAt(root, ['versioning']) === 'tag' ? 'tag' : 'semver';
  return (written) => {
    const more = versionProblem(written, versioning);
    return `YAML reads this as a number; quote it: "${written}"${more === undefined ? '' : ` (but ${more})`}`;
  };
}

function unknownFields(path: FieldPath, keys: readonly string[]): Finding[] {
  const known = knownFields(path);
  const listed: Finding[] = keys.slice(0, maximumUnknown).map((key) => {
    const near = closestWord(key, known);
    const hint = near === undefined ? `known are ${known.join(', ')}` : `did you mean ${near}?`;
    return { path: [...path, key], at: 'key', message: `unknown field; ${hint}` };
  });
  const more = keys.length - maximumUnknown;
  if (more > 0) listed.push({ path, message: `${more} more unknown fields` });
  return listed;
}

/** The fields of the mapping at a path, read from the schema itself. */
function knownFields(path: FieldPath): string[] {
  let schema: z.core.$ZodType = manifestSchema;
  for (const part of path) schema = memberSchema(unwrapped(schema), part) ?? schema;
  const definition = definitionOf(unwrapped(schema));
  const shape = definition.shape ?? definition.options?.map(definitionOf).find((one) => one.shape)?.shape ?? {};
  return Object.keys(shape).filter((field) => !isUnsupported(field, path));
}

function isUnsupported(field: string, path: FieldPath): boolean {
  const of = path.length === 0 ? 'manifest' : 'artifact';
  return unsupportedFields.some((one) => one.of === of && one.field === field && one.value === undefined);
}

function carriedOut(values: readonly string[], path: FieldPath): string[] {
  return values.filter((value) => !unsupportedFields.some((one) => one.field === path.at(-1) && one.value === value));
}

interface Definition {
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly shape?: Record<string, z.core.$ZodType>;
  readonly options?: readonly z.core.$ZodType[];
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = definitionOf(schema).innerType;
  return inner === undefined ? schema : unwrapped(inner);
}

function memberSchema(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  const definition = definitionOf(schema);
  return typeof part === 'number' ? definition.element : definition.shape?.[part];
}

function missing(path: FieldPath): string {
  const hints: Record<string, string> = {
    weighbridge: 'write `weighbridge: 1`',
    collection: 'name the collection, such as `collection: my-models`',
    version: 'write one such as `version: 1.0.0`',
    access: 'write `access: public` or `access: private`',
    artifacts: 'list the files of the release',
    id: 'every artifact has an id',
  };
  const field = String(path.at(-1) ?? '');
  return `required and not there${hints[field] === undefined ? '' : `; ${hints[field]}`}`;
}

function messageFor(issue: z.core.$ZodIssue, value: unknown, path: FieldPath): Finding['message'] {
  if (value === null) return emptyMessage(path);
  switch (issue.code) {
    case 'invalid_type':
      return wrongType(issue.expected, value);
    case 'invalid_value':
      return `write ${carriedOut(issue.values.map(String), path).join(' or ')}`;
    case 'too_big':
    case 'too_small':
      return issue.origin === 'int' || issue.origin === 'number' ? numberMessage(value) : issue.message;
    case 'invalid_union':
      return `${describe(value)} does not fit here`;
    default:
      return issue.message;
  }
}

function emptyMessage(path: FieldPath): string {
  return path.length === 0
    ? 'the file is empty; a manifest begins with `weighbridge: 1`'
    : 'this has no value; write one, or remove the line';
}

function wrongType(expected: string, value: unknown): Finding['message'] {
  switch (expected) {
    case 'string':
      if (typeof value === 'object') return `text belongs here, not ${describe(value)}`;
      return (written) => `YAML reads this as ${describe(value)}; quote it: "${written}"`;
    case 'int':
    case 'number':
      return numberMessage(value);
    case 'boolean':
      return `write true or false, not ${describe(value)}`;
    case 'array':
      return `a list belongs here, not ${describe(value)}`;
    default:
      return `fields with values belong here, not ${describe(value)}`;
  }
}

function numberMessage(value: unknown): string {
  if (typeof value === 'string' && /^\d+$/u.test(value)) return 'write the number without quotes';
  if (typeof value !== 'number') return `a whole number belongs here, not ${describe(value)}`;
  if (value < 0) return 'a number that is not negative belongs here';
  return Number.isInteger(value) ? `at most ${Number.MAX_SAFE_INTEGER}` : 'a whole number belongs here';
}

function describe(value: unknown): string {
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'fields with values';
  return typeof value === 'string' ? 'text' : typeof value === 'boolean' ? 'true or false' : 'a number';
}

export function valueAt(root: unknown, path: FieldPath): unknown {
  let value = root;
  for (const part of path) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, part)) return undefined;
    value = (value as Record<string | number, unknown>)[part];
  }
  return value;
}
