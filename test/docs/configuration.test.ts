import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Ajv } from 'ajv';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { parseConfiguration } from '../../lib/cli/configuration-file.ts';
import { cloudConfigurationYaml, configurationYaml } from '../../lib/cli/init-template/configuration-yaml.ts';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { resolveDeployment } from '../../lib/contract/cloud/resolve-deployment.ts';
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

describe('the weighbridge.yaml that init --cloud writes', () => {
  const written = cloudConfigurationYaml('weights');

  it('is valid as it is: a name, and the defaults of everything', () => {
    expect(parseConfiguration(written, 'weighbridge.yaml')).toEqual({ cloud: { name: 'weights' } });
  });

  it('is valid with everything uncommented, and explains every setting', () => {
    const setting = /^( *)# ( *(?:- \{|(?:[A-Za-z_]+|(?:https|s3|gs):\/\/\S+):(?: |$)).*)$/gm;
    const uncommented = written.replace(setting, '$1$2');
    const document = parseConfiguration(uncommented, 'weighbridge.yaml');
    expect(Object.keys(document).sort()).toEqual([...settings].sort());
    const { cloud = {} } = document;
    expect(Object.keys(cloud).sort()).toEqual(Object.keys(cloudSchema.shape).sort());
    for (const section of ['retention', 'pipeline', 'observability'] as const) {
      const fields = Object.keys(cloudSchema.shape[section].unwrap().shape);
      expect(Object.keys(cloud[section] ?? {}).sort()).toEqual(fields.sort());
    }
    expect(resolveDeployment(document, 'dev').cloud.gcs).toBeUndefined();
  });

  it('comments only defaults out where it says so', () => {
    const { cloud } = resolveDeployment({});
    for (const [text, value] of [
      ['memory: 3008 ', cloud.pipeline.memory],
      ['noncurrentDays: 90 ', cloud.retention.noncurrentDays],
      ['stateDays: 60 ', cloud.retention.stateDays],
    ] as const) {
      expect(written).toContain(text);
      expect(text).toContain(` ${value} `);
    }
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
