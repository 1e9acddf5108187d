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
        public: { primary: 'file:./mirror', configured: false },
        private: { primary: 'file:./mirror-private', configured: false },
      },
      trustedOrigins: ['http://127.0.0.1:1'],
      placeholders: [],
      tokens: { HF_TOKEN: 'private', GITHUB_TOKEN: 'private' },
      concurrency: undefined,
    });
  });

  it('is found upwards to the root of the Git work tree, its store paths being relative to it', async () => {
    await mkdir(join(root, '.git'));
    await writeFile(
      join(root, 'weighbridge.yaml'),
      [
        'stores:',
        '  public: { primary: file:./mirror }',
        '  private: file:../elsewhere',
        'trustedOrigins: [http://127.0.0.1:8081]',
        'placeholders: [REPLACE_ME]',
        'tokens: { HF_TOKEN: { for: any } }',
        'concurrency: 4',
      ].join('\n'),
    );
    const configuration = await loadConfiguration({ cwd: join(root, 'a/b') });
    expect(configuration).toEqual({
      file: '../../weighbridge.yaml',
      stores: {
        public: { primary: 'file:../../mirror', configured: true },
        private: { primary: 'file:../../../elsewhere', configured: true },
      },
      trustedOrigins: ['http://127.0.0.1:8081'],
      placeholders: ['REPLACE_ME'],
      tokens: { HF_TOKEN: 'any', GITHUB_TOKEN: 'private' },
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
        '  public: { primary: s3://bucket, replica: [] }',
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
      value: 's3://bucket',
      message: 'expected a store: file:DIR',
      severity: 'error',
    });
  });

  it('is refused with duplicate keys, anchors, or as no YAML at all', async () => {
    expect(await problemsOf('concurrency: 1\nconcurrency: 2\n')).toMatchObject([{ line: 2, column: 1 }]);
    expect(await problemsOf('placeholders: &a [x]\n')).toHaveLength(1);
    expect(await problemsOf('stores: [')).not.toHaveLength(0);
    expect(await problemsOf('just words')).toMatchObject([{ line: 1, field: '' }]);
  });
});
