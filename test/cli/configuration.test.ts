import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { loadConfiguration } from '../../lib/cli/configuration.ts';
import { InvalidFile, type Problem } from '../../lib/core/errors.ts';

let root: string;

beforeEach(async () => {
  root = await mkdtemp(join(tmpdir(), 'weighbridge-config-'));
  await mkdir(join(root, 'a/b'), { recursive: true });
});

afterEach(() => rm(root, { recursive: true }));

async function problemsOf(text: string): Promise<readonly Problem[]> {
  await writeFile(join(root, 'weighbridge.yaml'), text);
  const error = await loadConfiguration({ cwd: root }).catch((thrown: unknown) => thrown);
  expect(error).toBeInstanceOf(InvalidFile);
  return (error as InvalidFile).problems;
}

describe('weighbridge.yaml', () => {
  it('is not needed', async () => {
    expect(await loadConfiguration({ cwd: root, trustedOrigins: ['http://127.0.0.1:1'] })).toEqual({
      file: undefined,
      stores: {
        public: { primary: 'file:./mirror', replicas: [], configured: false },
        private: { primary: 'file:./mirror-private', replicas: [], configured: false },
      },
      state: undefined,
      buckets: {},
      credentials: [],
      trustedOrigins: ['http://127.0.0.1:1'],
      placeholders: [],
      tokens: { HF_TOKEN: 'private', GITHUB_TOKEN: 'private', AWS: 'private', GOOGLE: 'private' },
      concurrency: undefined,
    });
  });

  it('is found upwards to the root of the Git work tree, its store paths being relative to it', async () => {
    await mkdir(join(root, '.git'));
    await writeFile(
      join(root, 'weighbridge.yaml'),
      [
        'stores:',
        '  public: { primary: file:./mirror, replicas: [ file:./copy, gs://acme-models/prod ] }',
        '  private: file:../elsewhere',
        'trustedOrigins: [http://127.0.0.1:8081]',
        'placeholders: [REPLACE_ME]',
        'tokens: { HF_TOKEN: { for: any } }',
        'concurrency: 4',
        'state: state',
      ].join('\n'),
    );
    const configuration = await loadConfiguration({ cwd: join(root, 'a/b') });
    expect(configuration).toEqual({
      file: '../../weighbridge.yaml',
      stores: {
        public: {
          primary: 'file:../../mirror',
          replicas: ['file:../../copy', 'gs://acme-models/prod'],
          configured: true,
        },
        private: { primary: 'file:../../../elsewhere', replicas: [], configured: true },
      },
      state: '../../state',
      buckets: {},
      credentials: [],
      trustedOrigins: ['http://127.0.0.1:8081'],
      placeholders: ['REPLACE_ME'],
      tokens: { HF_TOKEN: 'any', GITHUB_TOKEN: 'private', AWS: 'private', GOOGLE: 'private' },
      concurrency: 4,
    });
    const here = await loadConfiguration({ cwd: root });
    expect(here.stores.public).toMatchObject({
      primary: 'file:./mirror',
    });
  });

  it('is not looked for above the working folder outside of a Git work tree, nor above its root', async () => {
    await writeFile(join(root, 'weighbridge.yaml'), 'concurrency: 4\n');
    expect((await loadConfiguration({ cwd: join(root, 'a/b') })).file).toBeUndefined();
    await mkdir(join(root, 'a/.git'));
    expect((await loadConfiguration({ cwd: join(root, 'a/b') })).file).toBeUndefined();
  });

  it('may be another file that --config names', async () => {
    await writeFile(join(root, 'a/other.yaml'), 'concurrency: 7\nstores: { public: "file:m" }\n');
    const configuration = await loadConfiguration({ cwd: root, file: 'a/other.yaml' });
    expect(configuration.concurrency).toBe(7);
    expect(configuration.stores.public.primary).toBe('file:./a/m');
  });

  it.each(['', '# nothing but a comment\n'])('may be empty: %j', async (text) => {
    await writeFile(join(root, 'weighbridge.yaml'), text);
    expect((await loadConfiguration({ cwd: root })).file).toBe('weighbridge.yaml');
  });

  it('says everything that is wrong, and where', async () => {
    const problems = await problemsOf(
      [
        'stores:',
        '  public: { primary: s4://bucket, replica: [] }',
        'trustedOrigins: [https://host.example/path]',
        'tokens: { HF_TOKEN: { for: everything } }',
        'concurrency: many',
        'colour: red',
      ].join('\n'),
    );
    expect(problems.map(({ line, column, field }) => [line, column, field])).toEqual([
      [2, 22, 'stores.public.primary'],
      [2, 35, 'stores.public.replica'],
      [3, 18, 'trustedOrigins[0]'],
      [4, 28, 'tokens.HF_TOKEN.for'],
      [5, 14, 'concurrency'],
      [6, 1, 'colour'],
    ]);
    expect(problems[0]).toMatchObject({
      file: 'weighbridge.yaml',
      value: 's4://bucket',
      message: 'expected a store: file:DIR, s3://bucket[/prefix] or gs://bucket[/prefix]',
      severity: 'error',
    });
  });

  it('is refused with duplicate keys, anchors, or as no YAML at all', async () => {
    expect(await problemsOf('concurrency: 1\nconcurrency: 2\n')).toMatchObject([{ line: 2, column: 1 }]);
    expect(await problemsOf('placeholders: &a [x]\n')).toHaveLength(1);
    expect(await problemsOf('stores: [')).not.toHaveLength(0);
    expect(await problemsOf('just words')).toMatchObject([{ line: 1, field: '' }]);
  });

  it('has stores in buckets, state in one, options of buckets and headers for other hosts', async () => {
    await writeFile(
      join(root, 'weighbridge.yaml'),
      [
        'stores: { public: s3://acme-models/prod, private: { primary: gs://acme-private } }',
        'state: s3://acme-state',
        'buckets:',
        '  s3://acme-models: { region: eu-central-1, storageClass: INTELLIGENT_TIERING, tags: { team: research } }',
        '  gs://acme-private: { storageClass: NEARLINE }',
        'tokens: { AWS: { for: any }, GOOGLE: { for: private } }',
        'credentials:',
        '  https://models.example.org/: { scheme: Bearer, env: MODELS_TOKEN }',
        '  http://127.0.0.1:8081: { header: X-Api-Key, env: OTHER_KEY, for: any }',
      ].join('\n'),
    );
    const configuration = await loadConfiguration({ cwd: root });
    expect(configuration.stores.public).toEqual({ primary: 's3://acme-models/prod', replicas: [], configured: true });
    expect(configuration.state).toBe('s3://acme-state');
    expect(configuration.buckets).toEqual({
      's3://acme-models': { region: 'eu-central-1', storageClass: 'INTELLIGENT_TIERING', tags: { team: 'research' } },
      'gs://acme-private': { storageClass: 'NEARLINE' },
    });
    expect(configuration.tokens).toMatchObject({ AWS: 'any', GOOGLE: 'private' });
    expect(configuration.credentials).toEqual([
      {
        origin: 'https://models.example.org',
        header: 'authorization',
        scheme: 'Bearer',
        variable: 'MODELS_TOKEN',
        use: 'private',
      },
      {
        origin: 'http://127.0.0.1:8081',
        header: 'x-api-key',
        scheme: undefined,
        variable: 'OTHER_KEY',
        use: 'any',
      },
    ]);
  });

  it('says what is wrong with a bucket, and where', async () => {
    const problems = await problemsOf(
      [
        'buckets:',
        '  s3://acme-models/prod: { region: eu-central-1 }',
        '  https://acme: {}',
        '  s3://one: { encryption: none, expectedBucketOwner: 12 }',
        '  s3://two: { kmsKeyId: some-key }',
        '  s3://three: { endpoint: "https://user:secret@host" }',
        '  gs://four: { region: europe, kmsKeyName: some-key }',
        '  gs://five: many',
        'state: https://host/folder',
      ].join('\n'),
    );
    expect(problems.map(({ line, column, field }) => [line, column, field])).toEqual([
      [2, 3, 'buckets["s3://acme-models/prod"]'],
      [3, 3, 'buckets["https://acme"]'],
      [4, 27, 'buckets["s3://one"].encryption'],
      [4, 54, 'buckets["s3://one"].expectedBucketOwner'],
      [5, 25, 'buckets["s3://two"].kmsKeyId'],
      [6, 27, 'buckets["s3://three"].endpoint'],
      [7, 16, 'buckets["gs://four"].region'],
      [7, 44, 'buckets["gs://four"].kmsKeyName'],
      [8, 14, 'buckets["gs://five"]'],
      [9, 8, 'state'],
    ]);
    expect(problems.map(({ message }) => message)).toMatchObject({
      0: 'expected a bucket: s3://name or gs://name, without a prefix',
      4: 'a key needs encryption: aws:kms',
      6: 'there is no such setting; known are endpoint, storageClass, kmsKeyName',
    });
    expect(JSON.stringify(problems)).not.toContain('secret');
  });

  it('says what is wrong with a credential, and never shows what may be one', async () => {
    const problems = await problemsOf(
      [
        'credentials:',
        '  https://models.example.org/path: { env: TOKEN }',
        '  https://huggingface.co: { env: TOKEN }',
        '  https://a.example: { env: hf_pastedSecret }',
        '  https://b.example: { header: Content-Length, env: TOKEN }',
        '  https://c.example: { header: "X: secret", env: TOKEN }',
        '  https://d.example: { scheme: Bearer secret, env: TOKEN }',
        '  https://e.example: {}',
        '  https://f.example: { env: TOKEN }',
        '  https://f.example/: { env: TOKEN }',
        '  https://g.example: { env: TOKEN, value: secret }',
      ].join('\n'),
    );
    expect(problems.map(({ line, field }) => [line, field])).toEqual([
      [2, 'credentials["https://models.example.org/path"]'],
      [3, 'credentials["https://huggingface.co"]'],
      [4, 'credentials["https://a.example"].env'],
      [5, 'credentials["https://b.example"].header'],
      [6, 'credentials["https://c.example"].header'],
      [7, 'credentials["https://d.example"].scheme'],
      [8, 'credentials["https://e.example"].env'],
      [10, 'credentials["https://f.example/"]'],
      [11, 'credentials["https://g.example"].value'],
    ]);
    expect(problems[1]?.message).toContain('HF_TOKEN');
    expect(problems[3]?.message).toBe('this header is not for credentials');
    expect(JSON.stringify(problems)).not.toMatch(/secret/i);
  });
});
