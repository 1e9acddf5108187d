import { createHash } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type MainResult, runMain } from './run-main.ts';

const weights = Buffer.alloc(300_000, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
const shared = ['weights.bin', 'SHA256SUMS', 'RELEASE.md', 'release.json'];

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-replicas-'));
  await mkdir(join(cwd, 'files'));
  await writeFile(join(cwd, 'files/weights.bin'), weights);
  const lines = ['weighbridge: 1', 'collection: open', 'version: 1.0.0', 'access: public', 'artifacts:'];
  lines.push('  - id: weights', '    kind: checkpoint', '    file: weights.bin', '    source: file:files/weights.bin');
  lines.push(`    sha256: ${sha256}`, `    size: ${weights.length}`, '');
  await writeFile(join(cwd, 'open.yaml'), lines.join('\n'));
});
afterEach(async () => {
  await rm(cwd, { recursive: true, force: true });
});

const run = (...argv: string[]): Promise<MainResult> => runMain(argv, { cwd });
const json = async (...argv: string[]) => {
  const { code, stdout } = await run(...argv, '--json', '--progress', 'none');
  return { code, document: JSON.parse(stdout) };
};
const inRelease = (store: string, file: string) => readFile(join(cwd, store, 'open/1.0.0', file));

describe('stage --replica', () => {
  it('publishes the same into every store, and says where the release is', async () => {
    const staged = await run('stage', 'open.yaml', '--replica', 'file:./one', '--replica', 'file:./two');
    expect(staged).toMatchObject({ code: 0 });
    expect(staged.stdout).toContain('published in file:./mirror, file:./one, file:./two');
    expect(staged.stderr).toContain('replicating to file:./two');
    for (const store of ['one', 'two']) {
      for (const file of shared) expect(await inRelease(store, file)).toEqual(await inRelease('mirror', file));
    }
    const verified = await run('verify', '--replica', 'file:./one', '--replica', 'file:./two');
    expect(verified).toMatchObject({ code: 0 });
    const again = await json('stage', 'open.yaml', '--replica', 'file:./one', '--replica', 'file:./two');
    expect(again).toMatchObject({ code: 0, document: { ok: true, state: 'present' } });
    expect(again.document.stores[2].requests).toEqual({ list: expect.any(Number), get: 4 });
  });

  it('exits with 1 when a replica lacks it, names why, and completes it the next time', async () => {
    await writeFile(join(cwd, 'broken'), 'a file');
    const { code, stdout } = await run('stage', 'open.yaml', '--replica', 'file:./broken', '--replica', 'file:./two');
    expect(code).toBe(1);
    expect(stdout).toContain('is published in file:./mirror, file:./two');
    expect(stdout).toMatch(
      /degraded: file:\.\/broken: \S.*; mend that and run the same command, which copies what is missing$/m,
    );
    await rm(join(cwd, 'broken'));
    const again = await json('stage', 'open.yaml', '--replica', 'file:./broken', '--replica', 'file:./two');
    expect(again).toMatchObject({ code: 0, document: { ok: true, state: 'published' } });
    expect(again.document.stores.map(({ state }: { state: string }) => state)).toEqual([
      'present',
      'published',
      'present',
    ]);
  });

  it('refuses the primary as its own replica, and a store that is named twice', async () => {
    for (const replicas of [
      ['--replica', 'file:mirror'],
      ['--replica', 'file:./one', '--replica', 'file:one/'],
    ]) {
      for (const command of ['stage', 'plan']) {
        expect(await json(command, 'open.yaml', ...replicas)).toMatchObject({
          code: 2,
          document: { error: { code: 'UsageError' } },
        });
      }
    }
    expect(await readdir(cwd)).not.toContain('mirror');
  });
});

describe('replicas in weighbridge.yaml', () => {
  beforeEach(async () => {
    const lines = ['stores:', '  public:', '    primary: file:./mirror', '    replicas: [file:./one]'];
    lines.push('  private:', '    primary: file:./secret', '    replicas: [file:./secret-copy]', '');
    await writeFile(join(cwd, 'weighbridge.yaml'), lines.join('\n'));
  });

  it('are the ones of the primary there, and no others where another is named', async () => {
    expect((await json('stage', 'open.yaml')).document.stores).toHaveLength(2);
    expect((await json('stage', 'open.yaml', '--to', 'file:mirror')).document.stores).toHaveLength(2);
    expect((await json('stage', 'open.yaml', '--to', 'file:./trial')).document.stores).toHaveLength(1);
    const named = await json('stage', 'open.yaml', '--replica', 'file:./other');
    expect(named.document.stores.map(({ store }: { store: string }) => store)).toEqual([
      'file:./mirror',
      'file:./other',
    ]);
  });

  it('of the other class are refused, as replica and as primary', async () => {
    for (const options of [
      ['--replica', 'file:./secret-copy'],
      ['--replica', 'file:secret'],
      ['--to', 'file:./secret-copy'],
    ]) {
      expect(await json('stage', 'open.yaml', ...options)).toMatchObject({
        code: 3,
        document: { error: { code: 'Refused' } },
      });
    }
    expect(await readdir(cwd)).not.toContain('secret-copy');
  });
});

describe('plan --replica', () => {
  it('says what each replica would receive, and writes nothing', async () => {
    const { code, document } = await json('plan', 'open.yaml', '--replica', 'file:./one');
    expect(code).toBe(0);
    expect(document.replicas).toMatchObject([
      { store: 'file:./one', state: 'new', artifacts: 1, bytes: { copy: weights.length, present: 0 } },
    ]);
    expect(await readdir(cwd)).not.toContain('one');
    await run('stage', 'open.yaml', '--replica', 'file:./one');
    const { stdout } = await run('plan', 'open.yaml', '--replica', 'file:./one', '--replica', 'file:./two');
    expect(stdout).toContain('replica file:./one: has it; nothing to do');
    expect(stdout).toContain('replica file:./two: would receive 1 file');
  });

  it('exits with 1 for a replica that holds other content', async () => {
    await run('stage', 'open.yaml', '--to', 'file:./one');
    await writeFile(join(cwd, 'files/weights.bin'), 'other');
    const other = createHash('sha256').update('other').digest('hex');
    const text = (await readFile(join(cwd, 'open.yaml'), 'utf8')).replace(sha256, other).replace('300000', '5');
    await writeFile(join(cwd, 'open.yaml'), text);
    const { code, document } = await json('plan', 'open.yaml', '--replica', 'file:./one');
    expect(code).toBe(1);
    expect(document.replicas[0]).toMatchObject({ state: 'unusable', reason: expect.stringContaining('other bytes') });
  });
});

describe('publish --replica', () => {
  it('publishes a folder into every store', async () => {
    const { code, stdout } = await run('publish', './files', 'mine@1.0.0', '--replica', 'file:./one');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining('in file:./mirror, file:./one'),
    });
    expect(await readdir(join(cwd, 'one/mine/1.0.0'))).toContain('release.json');
  });
});
