import { createHash } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MainResult, runMain } from './run-main.ts';

const weights = Buffer.alloc(300_000, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-outcomes-'));
  await mkdir(join(cwd, 'files'));
  await writeFile(join(cwd, 'files/weights.bin'), weights);
  await write('public.yaml', 'open', 'public');
  await write('private.yaml', 'closed', 'private');
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

async function write(name: string, collection: string, access: string, digest = sha256): Promise<void> {
  const lines = ['weighbridge: 1', `collection: ${collection}`, 'version: 1.0.0', `access: ${access}`, 'artifacts:'];
  lines.push('  - id: weights', '    kind: checkpoint', '    file: weights.bin', '    source: file:files/weights.bin');
  await writeFile(
    join(cwd, name),
    `${[...lines, `    sha256: ${digest}`, `    size: ${weights.length}`].join('\n')}\n`,
  );
}

const run = (...argv: string[]): Promise<MainResult> => runMain(argv, { cwd });
const json = async (...argv: string[]) => {
  const { code, stdout, stderr } = await run(...argv, '--json', '--progress', 'none');
  return { code, stderr, document: JSON.parse(stdout) };
};

describe('a store that weighbridge.yaml gives to private releases', () => {
  beforeEach(async () => {
    await writeFile(join(cwd, 'weighbridge.yaml'), 'stores:\n  public: file:./mirror\n  private: file:./secret\n');
    await mkdir(join(cwd, 'real'));
    await symlink('real', join(cwd, 'linked'));
  });

  it.each(['file:secret', 'file:./secret/', 'file:files/../secret', 'file:linked/../secret'])(
    'takes no public one, written as %s',
    async (url) => {
      for (const command of [['stage'], ['plan']]) {
        const { code, document } = await json(...command, 'public.yaml', '--to', url);
        expect([code, document.error.code]).toEqual([3, 'Refused']);
      }
      expect(await readdir(cwd)).not.toContain('secret');
    },
  );

  it('takes none through a link either', async () => {
    await mkdir(join(cwd, 'secret'));
    await symlink('secret', join(cwd, 'door'));
    expect((await json('stage', 'public.yaml', '--to', 'file:door')).code).toBe(3);
    expect((await json('publish', 'files', 'open@1.0.0', '--to', 'file:door')).code).toBe(3);
    expect(await readdir(join(cwd, 'secret'))).toEqual([]);
  });
});

describe('stage', () => {
  it('takes time limits of months', async () => {
    expect(await run('stage', 'public.yaml', '--timeout', '30d')).toMatchObject({ code: 0 });
  });

  it('ends with 130 and a report when the time is over', async () => {
    const { code, document } = await json('stage', 'public.yaml', '--timeout', '0.001ms');
    expect(code).toBe(130);
    expect(document).toMatchObject({ ok: false, state: 'failed', error: { code: 'Interrupted' } });
    expect(document.error.hint).toContain('goes on');
  });

  it('looks at the place of the report before it stages anything', async () => {
    const { code, document } = await json('stage', 'public.yaml', '--report', 'nowhere/report.json');
    expect([code, document.error.code]).toEqual([2, 'UsageError']);
    expect(JSON.stringify(document)).not.toContain(cwd);
    expect(await readdir(cwd)).not.toContain('mirror');
    expect((await json('publish', 'files', 'open@1.0.0', '--report', 'files')).code).toBe(2);
  });

  it('prints the report also when it cannot be written to its file', async () => {
    await writeFile(join(cwd, 'report.json'), '');
    await chmod(join(cwd, 'report.json'), 0o400);
    const rootWritesAnything = process.getuid?.() === 0;
    const { code, document, stderr } = await json(
      'stage',
      'public.yaml',
      '--report',
      rootWritesAnything ? '/dev/full' : 'report.json',
    );
    expect(document).toMatchObject({ ok: true, state: 'published' });
    expect([code, stderr.includes('report could not be written')]).toEqual([1, true]);
  });

  it('publishes although the report cannot be kept beside the checkpoints', async () => {
    await mkdir(join(cwd, '.weighbridge'));
    await writeFile(join(cwd, '.weighbridge/reports'), 'in the way');
    const { code, document, stderr } = await json('stage', 'public.yaml');
    expect([code, document.state]).toEqual([0, 'published']);
    expect(stderr).toContain('could not be kept');
    expect(stderr).not.toContain(cwd);
  });

  it('finds the wrong store of the last manifest before it stages the first', async () => {
    await writeFile(join(cwd, 'weighbridge.yaml'), 'stores:\n  public: file:./mirror\n');
    const { code, document } = await json('stage', 'public.yaml', 'private.yaml', '--to', 'file:mirror');
    expect([code, document.error.code]).toEqual([3, 'Refused']);
    expect(await readdir(cwd)).not.toContain('mirror');
  });

  it('goes on after a manifest that is refused, and exits with the highest code', async () => {
    const { code, document } = await json('stage', 'public.yaml', 'private.yaml', '--to', 'file:mirror');
    expect(code).toBe(3);
    expect(document.reports.map(({ state }: { state: string }) => state)).toEqual(['published', 'refused']);
  });

  it('names the problems of every manifest', async () => {
    await writeFile(join(cwd, 'bad.yaml'), 'weighbridge: 1\n');
    await writeFile(join(cwd, 'worse.yaml'), 'weighbridge: 2\n');
    const { code, document } = await json('stage', 'public.yaml', 'bad.yaml', 'worse.yaml');
    expect(code).toBe(2);
    const files = document.error.problems.map(({ file }: { file: string }) => file);
    expect(new Set(files)).toEqual(new Set(['bad.yaml', 'worse.yaml']));
  });

  it('says what is wrong with a store that is a file', async () => {
    const { code, document } = await json('stage', 'public.yaml', '--to', 'file:public.yaml');
    expect(code).toBe(1);
    expect(document.error.message).toContain('is not a folder');
  });

  it('writes only JSON to stderr with --progress json', async () => {
    await write('wrong.yaml', 'wrong', 'public', 'ab'.repeat(32));
    const signals = new EventEmitter();
    for (const argv of [['wrong.yaml'], ['public.yaml', '--max-bytes', '1'], ['nowhere.yaml']]) {
      const { stderr } = await runMain(['stage', ...argv, '--progress', 'json'], { cwd, signals });
      expect(stderr).not.toBe('');
      for (const line of stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type');
    }
  });
});

describe('plan', () => {
  it('says of each of several manifests what would come of it', async () => {
    await json('stage', 'public.yaml', '--to', 'file:mirror');
    const { code, document } = await json('plan', 'private.yaml', 'public.yaml', '--to', 'file:mirror');
    expect(code).toBe(3);
    expect(document.plans).toMatchObject([
      { collection: 'closed', error: { code: 'Refused' } },
      { collection: 'open', state: 'present' },
    ]);
  });

  it('writes nothing', async () => {
    const before = await readdir(cwd, { recursive: true });
    await json('plan', 'public.yaml');
    expect(await readdir(cwd, { recursive: true })).toEqual(before);
  });
});

describe('the bytes of private releases', () => {
  it.each([
    ['at their place', 'file:secret/closed/1.0.0/weights.bin'],
    ['through a link', 'file:linked/weights.bin'],
  ])('are not published publicly from a mirror, %s', async (_, source) => {
    expect((await json('stage', 'private.yaml', '--to', 'file:secret')).code).toBe(0);
    await symlink('secret/closed/1.0.0', join(cwd, 'linked'));
    const text = await readFile(join(cwd, 'public.yaml'), 'utf8');
    await writeFile(join(cwd, 'public.yaml'), text.replace('file:files/weights.bin', source));
    const { code, document } = await json('stage', 'public.yaml');
    expect(code).toBe(1);
    expect(document.artifacts[0]).toMatchObject({ state: 'failed', attempts: [{ outcome: 'forbidden' }] });
    await writeFile(
      join(cwd, 'public.yaml'),
      text.replace('file:files/weights.bin', source).replace('public', 'private'),
    );
    expect((await json('stage', 'public.yaml')).code).toBe(0);
  });
});

describe('publish', () => {
  it('never takes the files of a mirror that lies in the folder', async () => {
    expect((await json('stage', 'private.yaml', '--to', 'file:files/secret')).code).toBe(0);
    const { document } = await json('publish', 'files', 'open@1.0.0');
    expect(document.artifacts.map(({ file }: { file: string }) => file)).toEqual(['weights.bin']);
    expect(await readFile(join(cwd, 'mirror/open/1.0.0/SHA256SUMS'), 'utf8')).not.toContain('secret');
  });
});
