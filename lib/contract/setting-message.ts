import type { z } from 'zod';

/** What people write for true and false, and YAML 1.2 reads as text. */
const switches: Readonly<Record<string, boolean>> = { on: true, yes: true, y: true, off: false, no: false, n: false };

const kinds: Readonly<Record<string, string>> = {
  string: 'text',
  boolean: 'true or false',
  int: 'a whole number',
  number: 'a number',
  array: 'a list',
  object: 'settings of its own',
  record: 'settings of its own',
};

/**
 * What is wrong with a setting and what to write, in place of the parser's own words. Given to `safeParse` as `error`;
 * what a schema says itself goes before it.
 */
export function settingMessage(issue: z.core.$ZodRawIssue): string | undefined {
  const { input } = issue;
  switch (issue.code) {
    case 'unrecognized_keys':
      return noSuchSetting(issue.inst);
    case 'invalid_type':
      return wrongKind([issue.expected], input);
    case 'invalid_union': {
      const errors = issue.errors.flat();
      const expected = errors.flatMap((one) => (one.code === 'invalid_type' ? [one.expected] : []));
      return expected.length === errors.length ? wrongKind(expected, input) : undefined;
    }
    case 'invalid_value':
      return wrongValue(issue.values.map(String), input);
    case 'too_big':
      return isNumber(issue.origin) ? `expected at most ${issue.maximum}` : undefined;
    case 'too_small':
      if (isNumber(issue.origin)) return `expected at least ${issue.minimum}`;
      if (issue.minimum !== 1) return undefined;
      return issue.origin === 'array' ? 'expected at least one' : 'expected text that is not empty';
    case 'invalid_format':
      if (issue.format === 'email') return 'expected a mail address';
      return issue.format === 'url' ? 'expected a URL' : undefined;
    default:
      return undefined;
  }
}

function noSuchSetting(schema: unknown): string {
  const shape = (schema as { _zod?: { def?: { shape?: object } } } | undefined)?._zod?.def?.shape;
  const known = shape === undefined ? '' : `; known are ${Object.keys(shape).join(', ')}`;
  return `there is no such setting${known}`;
}

function wrongKind(expected: readonly string[], input: unknown): string {
  const what = `expected ${[...new Set(expected.map((kind) => kinds[kind] ?? kind))].sort(simpleFirst).join(', or ')}`;
  if (input === undefined) return `this is missing; ${what}`;
  if (input === null) return 'this has no value; write one, or remove the line';
  const remedy = remedyFor(expected, input);
  return remedy === undefined ? what : `${what}; ${remedy}`;
}

function remedyFor(expected: readonly string[], input: unknown): string | undefined {
  const meant = typeof input === 'string' ? switches[input.toLowerCase()] : undefined;
  if (expected.includes('boolean') && meant !== undefined) return `this is text in YAML, so write ${meant}`;
  if (expected.includes('string') && typeof input !== 'object') return 'put it in quotes';
  if (expected.includes('int') || expected.includes('number')) {
    return typeof input === 'string' ? 'write the number alone, without unit and quotes' : undefined;
  }
  const none = input === false || meant === false;
  return none && expected.some((kind) => kind === 'object' || kind === 'record')
    ? 'to have none, leave it out'
    : undefined;
}

function isNumber(origin: string): boolean {
  return origin === 'number' || origin === 'int';
}

function simpleFirst(one: string, other: string): number {
  return Number(one === kinds.object) - Number(other === kinds.object);
}

function wrongValue(values: readonly string[], input: unknown): string {
  const what = values.length === 1 ? `expected ${values[0]}` : `expected one of ${values.join(', ')}`;
  return typeof input !== 'string' && values.includes(String(input)) ? `${what}; put it in quotes` : what;
}
