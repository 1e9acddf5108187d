import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';

const policy = `weighbridgeAccess: 1
issuers:
  github: { issuer: "https://token.actions.githubusercontent.com", audience: models }
principals:
  ci:
    oidc: { issuer: github, claims: { sub: "repo:my-org/my-repo:ref:refs/heads/main" } }
  trainers:
    aws: ["arn:aws:iam::111122223333:role/training-*"]
  old-farm:
    tokens:
      - { sha256: ${'3f2a'.repeat(16)}, expires: 2020-01-31 }
grants:
  stable:
    to: [ci, trainers, old-farm]
    collections: ["my-*"]
    versions: ">=1 <2"
  second:
    to: [trainers]
    collections: [my-model]
    versions: "2.x"
  config:
    to: [ci]
    collections: [my-model]
    files: ["*.json"]
    maximumLifetime: 1h
`;

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'access-'));
  await mkdir(join(directory, 'manifests'));
  await writeFile(join(directory, 'manifests/access.yaml'), policy);
});
afterAll(() => rm(directory, { recursive: true, force: true }));

const explain = (as: string, ...args: string[]) =>
  runMain(['access', 'explain', '--as', as, ...args], { cwd: directory });
const main = 'oidc:github:sub=repo:my-org/my-repo:ref:refs/heads/main';

describe('weighbridge access explain', () => {
  it('says which grant decides, for how long, and exits 0', async () => {
    const { code, stdout } = await explain(main, 'my-model@1.2.0');
    expect(code).toBe(0);
    expect(stdout).toContain('by the grant config; a URL lives for at most 1h');
    expect(stdout).toMatch(/applies +stable +covers 1\.2\.0; URLs of 15m/u);
  });

  it('says why not, and exits 4', async () => {
    const { code, stdout } = await explain(main.replace('main', 'other'), 'my-model@1.2.0');
    expect(code).toBe(4);
    expect(stdout).toContain('denied: ');
    expect(stdout).toContain(
      'sub must be "repo:my-org/my-repo:ref:refs/heads/main" and is "repo:my-org/my-repo:ref:refs/heads/other"',
    );
    expect(stdout).toContain('is for ci, trainers, old-farm');
  });

  it('knows of a consumer account what the access API knows of it: its number', async () => {
    const cwd = await mkdtemp(join(directory, 'consumer-'));
    await mkdir(join(cwd, 'manifests'));
    await writeFile(join(cwd, 'manifests/access.yaml'), policy.replaceAll('111122223333', '222233334444'));
    await writeFile(join(cwd, 'weighbridge.yaml'), 'cloud: { access: { consumerAccounts: ["222233334444"] } }\n');
    const as = 'arn:aws:iam::222233334444:role/training-1';
    const { code, stdout, stderr } = await runMain(['access', 'explain', '--as', as, 'my-model@1.2.0'], { cwd });
    expect(code, stdout).toBe(4);
    expect(stdout).toContain('only the account 222233334444 is known of the caller');
    expect(stderr).toContain('can never match: of 222233334444, one of cloud.access.consumerAccounts');
    await writeFile(join(cwd, 'weighbridge.yaml'), 'cloud: { access: { consumerAccounts: [] } }\n');
    expect((await runMain(['access', 'explain', '--as', as, 'my-model@1.2.0'], { cwd })).code).toBe(0);
  });

  it('takes the name of a principal, an ARN, a session, and an account', async () => {
    expect((await explain('trainers', 'my-model@1.2.0')).code).toBe(0);
    expect((await explain('arn:aws:iam::111122223333:role/other/training-1', 'my-model@1.2.0')).code).toBe(0);
    expect((await explain('arn:aws:sts::111122223333:assumed-role/training-1/run', 'my-model@1.2.0')).code).toBe(0);
    const account = await explain('111122223333', 'my-model@1.2.0');
    expect(account.code).toBe(4);
    expect(account.stdout).toContain('only the account 111122223333 is known');
  });

  it('is about all versions where none is named, and about a file where one is', async () => {
    const all = await explain('trainers', 'my-model');
    expect(all.stdout).toContain('covers versions >=1 <2 without prereleases');
    expect((await explain(main, 'my-model@2.0.0', 'config.json')).code).toBe(0);
    const file = await explain(main, 'my-model@2.0.0', 'model.bin');
    expect(file.code).toBe(4);
    expect(file.stdout).toContain('covers the files *.json');
    expect(file.stdout).toContain('Widen `files` of the grant config, or write another grant.');
    expect((await explain('trainers', 'my-model@1.5.0-rc.1')).stdout).toContain('`prereleases: true` would cover it');
    expect((await explain('trainers', 'my-model@nightly')).stdout).toContain('`tags` must name it');
  });

  it('says that tokens have expired', async () => {
    const { stdout, stderr } = await explain('old-farm', 'my-model@1.2.0');
    expect(stdout).toContain('old-farm has only tokens that have expired');
    expect(stderr).toContain('warning: principals.old-farm.tokens[0].expires');
  });

  it('prints one JSON document with --json', async () => {
    const { code, stdout } = await explain('trainers', 'my-model@3.0.0', '--json');
    expect(code).toBe(4);
    expect(JSON.parse(stdout)).toMatchObject({
      policy: 'manifests/access.yaml',
      who: 'principal trainers',
      wanted: { collection: 'my-model', version: '3.0.0' },
      allowed: false,
      grant: null,
      maximumLifetime: null,
      grants: [
        { name: 'stable', applies: false },
        { name: 'second', applies: false },
        { name: 'config', applies: false },
      ],
    });
  });

  it('refuses what names nobody or no release', async () => {
    const tries: [as: string, ...rest: string[]][] = [
      ['trainer', 'my-model'],
      ['toString', 'my-model'],
      ['oidc:gitlab:sub=x', 'my-model'],
      ['oidc:github:sub', 'my-model'],
      ['oidc:github:level:=x', 'my-model'],
      ['arn:aws:iam::111122223333:role/training-*', 'my-model'],
      ['arn:aws:s3:::bucket', 'my-model'],
      ['ci', 'My-Model'],
      ['ci', 'my-model@'],
      ['ci', 'my-model@latest'],
      ['ci', 'my-model', '--policy', 'nowhere.yaml'],
    ];
    for (const [as, ...rest] of tries)
      expect({ as, rest, code: (await explain(as, ...rest)).code }).toEqual({ as, rest, code: 2 });
    expect((await explain('trainer', 'my-model')).stderr).toContain('Did you mean trainers?');
  });

  it('is checked by validate together with manifests', async () => {
    const { code, stdout } = await runMain(['validate', 'manifests/access.yaml'], { cwd: directory });
    expect({ code, last: stdout.trimEnd().split('\n').at(-1) }).toEqual({
      code: 0,
      last: '1 file: 1 valid, 0 not, 0 errors, 1 warning',
    });
    await writeFile(join(directory, 'wrong.yaml'), policy.replace('my-repo:ref', 'my-repo*:ref'));
    const wrong = await runMain(['validate', 'wrong.yaml'], { cwd: directory });
    expect(wrong.code).toBe(2);
    expect(wrong.stdout).toContain('wrong.yaml:6:44: error: principals.ci.oidc.claims.sub: covers every name');
  });
});
