import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { policyJsonSchema } from '../../../../lib/core/access/policy/json-schema.ts';
import { corpusFiles } from '../../../corpus/corpus-files.ts';

describe('the JSON schema of access policies', () => {
  const accepts = new Ajv({ strict: true, formats: { uri: true, date: true } }).compile(policyJsonSchema());

  it('accepts every policy that the parser accepts', () => {
    for (const { name, text } of corpusFiles('policies', 'good')) {
      expect(accepts(parse(text)) || accepts.errors, name).toBe(true);
    }
  });

  it('refuses policies whose shape the parser refuses', () => {
    // That a principal is of exactly one kind the parser alone knows.
    const shapes = corpusFiles('policies', 'wrong').filter(
      ({ name }) => /^(?:shape|document) /u.test(name) && !/kind/u.test(name),
    );
    expect(shapes.length).toBeGreaterThan(10);
    for (const { name, text } of shapes) {
      if (name === 'shape collections empty text') expect(text).toContain('[""]');
      expect(accepts(parse(text)), name).toBe(false);
    }
  });
});
