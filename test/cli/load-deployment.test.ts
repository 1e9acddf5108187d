import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { InvalidConfiguration, loadDeployment } from '../../lib/cli/load-deployment.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-deployment-'));
});

afterEach(() => rm(cwd, { recursive: true }));

/** What is wrong: line, field and the message. */
async function problemsOf(lines: readonly string[], environment?: string): Promise<readonly unknown[]> {
  await writeFile(join(cwd, 'weighbridge.yaml'), lines.join('\n'));
  try {
    loadDeployment(undefined, { cwd, environment });
  } catch (error) {
    if (!(error instanceof InvalidConfiguration)) throw error;
    expect(error.message.split('\n')).toHaveLength(error.problems.length + 1);
    return error.problems.map(({ line, field, message }) => [line, field, message]);
  }
  return [];
}

const gcs = [
  '  gcs:',
  '    project: acme-models',
  '    private: { name: acme-models-private }',
  '    workloadIdentity:',
  '      provider: //iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws',
];

describe('loading a deployment', () => {
  it('needs no file, unless one is named', async () => {
    expect(loadDeployment(undefined, { cwd }).cloud.name).toBe('weighbridge');
    expect(() => loadDeployment('weighbridge.yaml', { cwd })).toThrow(
      'cannot read weighbridge.yaml: there is no such file',
    );
    await writeFile(join(cwd, 'other.yaml'), 'cloud: { name: other }\n');
    expect(loadDeployment('other.yaml', { cwd }).cloud.name).toBe('other');
  });

  it('takes a section that is only named for an empty one', async () => {
    expect(
      await problemsOf(['cloud:', 'publishers:', 'sources:', 'replicas:', 'environments: { dev: }'], 'dev'),
    ).toEqual([]);
  });

  it('says everything that is wrong in the sections, and where', async () => {
    expect(
      await problemsOf([
        'cloud:',
        '  name: Weights',
        '  retention: { logDays: 8, state: 3 }',
        '  encryptionKey: none',
        '  tags: { team: 7 }',
        'publishers:',
        '  models: { collections: [ "a*b" ] }',
        '  Some Body: {}',
        'sources: { tokens: { github: { secret: "a pasted token" } } }',
        'replicas: [ { to: [ tape ] } ]',
        'maxRunBytes: many',
        'environments: { "a b": {}, prod: { clout: {} } }',
      ]),
    ).toMatchObject([
      [2, 'cloud.name', expect.stringContaining('small letters')],
      [3, 'cloud.retention.logDays', expect.stringContaining('expected one of 1, 3, 5')],
      [
        3,
        'cloud.retention.state',
        'there is no such setting; known are noncurrentDays, unfinishedUploadDays, stateDays, logDays',
      ],
      [4, 'cloud.encryptionKey', expect.stringContaining('ARN of a KMS key')],
      [5, 'cloud.tags.team', expect.any(String)],
      [7, 'publishers.models', 'expected exactly one of github, gitlab and principals'],
      [7, 'publishers.models.collections[0]', expect.any(String)],
      [8, 'publishers["Some Body"]', expect.any(String)],
      [9, 'sources.tokens.github.secret', expect.stringContaining('never the token itself')],
      [10, 'replicas[0].collections', expect.any(String)],
      [10, 'replicas[0].to[0]', expect.any(String)],
      [11, 'maxRunBytes', expect.any(String)],
      [12, 'environments["a b"]', expect.any(String)],
      [12, 'environments.prod.clout', expect.stringContaining('there is no such setting; known are cloud, ')],
    ]);
  });

  it('never shows what may be a token', async () => {
    await writeFile(join(cwd, 'weighbridge.yaml'), 'sources: { tokens: { github: { secret: "ghp pasted" } } }');
    expect(() => loadDeployment(undefined, { cwd })).toThrow(expect.not.stringContaining('pasted'));
  });

  it('finds what does not go together', async () => {
    const publisher = 'github: { owner: acme, repository: models }, collections: [ "falcon-*" ]';
    expect(
      await problemsOf([
        'cloud:',
        '  public: false',
        'publishers:',
        `  models: { ${publisher}, access: [ private, public ] }`,
        `  a-name-of-thirty-one-characters: { ${publisher}, access: [ private ] }`,
        'replicas: [ { collections: [ "falcon-*" ], to: [ gcs ] } ]',
      ]),
    ).toEqual([
      [4, 'publishers.models.access[1]', 'there is no public mirror: cloud.public is off'],
      [5, 'publishers.a-name-of-thirty-one-characters', expect.stringContaining('would be 65 characters long')],
      [6, 'replicas[0].to[0]', 'needs cloud.gcs, the mirror in Google Cloud Storage'],
    ]);
    const replicated = [
      'replicas: [ { collections: [ "falcon-7b" ], to: [ gcs ] } ]',
      `publishers: { models: { ${publisher} } }`,
    ];
    expect(await problemsOf(['cloud:', ...gcs, '    publicRead: true', ...replicated])).toEqual([
      [7, 'cloud.gcs.publicRead', expect.stringContaining('needs cloud.gcs.public')],
      [8, 'replicas[0].to[0]', expect.stringContaining('cloud.gcs.public names no bucket')],
    ]);
    expect(await problemsOf(['cloud: { public: false, private: false }'])).toEqual([
      [1, 'cloud.private', 'public and private cannot both be false'],
    ]);
  });

  it('knows what is kept in one region only', async () => {
    const certificate = 'arn:aws:acm:eu-west-1:111122223333:certificate/1';
    const key = 'arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';
    expect(
      await problemsOf([
        'cloud:',
        '  region: eu-west-1',
        `  public: { domain: { name: weights.example.org, certificate: "${certificate}" } }`,
        `  encryptionKey: ${key}`,
      ]),
    ).toEqual([
      [3, 'cloud.public.domain.certificate', 'CloudFront takes it from us-east-1 only'],
      [4, 'cloud.encryptionKey', 'a key of another region than eu-west-1 cannot be used'],
    ]);
  });

  it('finds what is wrong with the access API', async () => {
    const certificate = 'arn:aws:acm:us-east-1:111122223333:certificate/1';
    expect(
      await problemsOf([
        'cloud:',
        '  name: twenty-characters-ab',
        '  rolePrefix: corporation-',
        '  account: "111122223333"',
        '  region: eu-west-1',
        '  access:',
        `    domain: { name: access.example.org, certificate: "${certificate}" }`,
        '    consumerAccounts:',
        '      - "111122223333"',
        '      - "222233334444"',
        '      - "222233334444"',
      ]),
    ).toEqual([
      [7, 'cloud.access.domain.certificate', expect.stringContaining('from eu-west-1 only')],
      [9, 'cloud.access.consumerAccounts[0]', expect.stringContaining('the account of the deployment')],
      [11, 'cloud.access.consumerAccounts[2]', 'this account is named twice'],
    ]);
    const long = ['  rolePrefix: corporation-wide-', '  access: { consumerAccounts: [ "222233334444" ] }'];
    expect(await problemsOf(['cloud:', '  name: twenty-characters-ab', ...long])).toEqual([
      [4, 'cloud.access.consumerAccounts[0]', expect.stringContaining('characters long, 64 are allowed')],
    ]);
    expect(await problemsOf(['cloud:', '  private: false', '  access: true'])).toEqual([
      [3, 'cloud.access', 'there are no private releases to give out: cloud.private is false'],
    ]);
    expect(await problemsOf(['cloud: { private: false, access: false }'])).toEqual([]);
  });

  it('says what is wrong with an environment where that was written', async () => {
    expect(
      await problemsOf([
        'cloud:',
        '  account: "111122223333"',
        '  region: eu-west-1',
        ...gcs,
        'replicas: [ { collections: [ "*" ], to: [ gcs ] } ]',
        'environments:',
        '  dev: { cloud: { gcs: null } }',
        '  prod: { cloud: { gcs: { publicRead: often }, regoin: eu-west-1 } }',
        '  one: {}',
        '  two: { maxRunCost: 5 }',
      ]),
    ).toEqual([
      [9, 'replicas[0].to[0]', 'needs cloud.gcs, the mirror in Google Cloud Storage (in the environment dev)'],
      [12, 'environments.prod.cloud.gcs.publicRead', expect.any(String)],
      [12, 'environments.prod.cloud.regoin', expect.stringContaining('known are name, account, region')],
      [14, 'environments.two', expect.stringContaining('the deployment of one as well')],
    ]);
  });

  it('takes sections that make a whole only together with an environment', async () => {
    const lines = ['replicas: [ { collections: [ "*" ], to: [ gcs ] } ]', 'environments:', '  prod:', '    cloud:'];
    const prod = [...lines, ...gcs.map((line) => `    ${line}`)];
    expect(await problemsOf(prod, 'prod')).toEqual([]);
    expect(await problemsOf(prod)).toEqual([[1, 'replicas[0].to[0]', expect.stringContaining('needs cloud.gcs')]]);
    expect(await problemsOf(prod, 'test')).toEqual([[2, 'environments', expect.stringContaining('"test"')]]);
  });
});
