import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { configurationYaml } from '../../lib/cli/init-template/configuration-yaml.ts';
import { configurationSchema } from '../../lib/contract/configuration.ts';
import { configurationJsonSchema } from '../../lib/contract/configuration-json-schema.ts';
import { root } from '../project/source-files.ts';
import { codeBlocks } from './markdown.ts';

const settings = Object.keys(configurationSchema.shape);

describe('docs/configuration.md', () => {
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const examples = codeBlocks(page).filter(({ language }) => language === 'yaml');

  it('shows every setting, in a file that is valid', () => {
    expect(examples).toHaveLength(1);
    const document = parseConfiguration(examples[0]?.text ?? '', 'docs/configuration.md');
    expect(Object.keys(document).sort()).toEqual([...settings].sort());
  });
});

describe('the weighbridge.yaml that init writes', () => {
  it('is valid as it is, and with everything uncommented', () => {
    expect(parseConfiguration(configurationYaml, 'weighbridge.yaml')).toEqual({});
    const uncommented = configurationYaml.replace(/^# (?=[A-Za-z]+:|- | )/gm, '');
    const document = parseConfiguration(uncommented, 'weighbridge.yaml');
    expect(Object.keys(document).sort()).toEqual([...settings].sort());
  });
});

describe('the JSON schema of weighbridge.yaml', () => {
  const accepts = new Ajv({ strict: true, allErrors: true, formats: { email: true, uri: true } }).compile(
    configurationJsonSchema(),
  );
  const page = readFileSync(join(root, 'docs/configuration.md'), 'utf8');
  const example = codeBlocks(page).find(({ language }) => language === 'yaml')?.text ?? '';

  it('accepts what the parser accepts', () => {
    expect(accepts(parse(example)) || accepts.errors).toBe(true);
    expect(accepts({})).toBe(true);
  });

  it.each([
    ['colour: red'],
    ['buckets: { "s3://a-bucket/prefix": {} }'],
    ['buckets: { "s3://a-bucket": { encryption: none } }'],
    ['buckets: { "gs://a-bucket": { region: eu } }'],
    ['credentials: { "https://host.example/path": { env: TOKEN } }'],
    ['credentials: { "https://host.example": { env: lower } }'],
    ['credentials: { "https://host.example": {} }'],
    ['stores: { public: "ftp://host" }'],
    ['cloud: { name: Upper }'],
    ['environments: { prod: { cloud: { regoin: eu-west-1 } } }'],
    ['environments: { prod: { cloud: { retention: { logDays: 8 } } } }'],
    ['replicas: [ { collections: [ "*" ], to: [ tape ] } ]'],
  ])('refuses %s', (text) => {
    expect(accepts(parse(text))).toBe(false);
    expect(() => parseConfiguration(text, 'weighbridge.yaml')).toThrow();
  });
});
