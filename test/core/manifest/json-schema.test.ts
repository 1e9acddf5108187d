import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { manifestJsonSchema } from '../../../lib/core/manifest/json-schema.ts';
import { unsupportedFields } from '../../../lib/core/manifest/unsupported-fields.ts';

const root = join(import.meta.dirname, '../../..');
const corpus = join(root, 'test/corpus/manifests');

function corpusValues(kind: string, pattern: RegExp): { name: string; value: unknown }[] {
  return readdirSync(join(corpus, kind))
    .filter((name) => pattern.test(name))
    .map((name) => ({ name, value: parse(readFileSync(join(corpus, kind, name), 'utf8')) }));
}

interface Described {
  readonly description?: string;
  readonly properties?: Record<string, Described>;
  readonly items?: Described;
}

function undescribed(schema: Described, path: string): string[] {
  const members = Object.entries(schema.properties ?? {});
  return members.flatMap(([name, member]) => [
    ...(member.description === undefined ? [`${path}${name}`] : []),
    ...undescribed(member, `${path}${name}.`),
    ...(member.items === undefined ? [] : undescribed(member.items, `${path}${name}[].`)),
  ]);
}

describe('the JSON schema of manifests', () => {
  const accepts = new Ajv({ strict: true, allErrors: true }).compile(manifestJsonSchema());

  it('in the repository is the one that the parser makes', () => {
    const { status, stderr } = spawnSync(process.execPath, [join(root, 'tools/generate-schema.ts'), '--check']);
    expect(String(stderr)).toBe('');
    expect(status).toBe(0);
  });

  it('accepts every manifest that the parser accepts', () => {
    const good = corpusValues('good', /./u);
    expect(good.length).toBeGreaterThanOrEqual(10);
    for (const { name, value } of good) expect(accepts(value) || accepts.errors, name).toBe(true);
  });

  it('refuses every manifest whose shape the parser refuses', () => {
    const wrong = corpusValues('wrong', /^(?:shape|unsupported)-/u);
    expect(wrong.length).toBeGreaterThan(30);
    for (const { name, value } of wrong) expect(accepts(value), name).toBe(false);
  });

  it('explains every field', () => {
    expect(undescribed(manifestJsonSchema() as Described, '')).toEqual([]);
  });

  it('does not offer what this version cannot carry out', () => {
    const text = JSON.stringify(manifestJsonSchema());
    for (const { field, value } of unsupportedFields) expect(text).not.toContain(`"${value ?? field}"`);
  });
});
