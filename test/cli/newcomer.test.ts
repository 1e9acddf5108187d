import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { runMain } from './run-main.ts';

let cwd: string;
beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-newcomer-'));
  await mkdir(join(cwd, 'weights'));
  await writeFile(join(cwd, 'weights/model.bin'), 'weights');
});
afterEach(async () => {
  await rm(cwd, { recursive: true });
});

const run = (...argv: string[]) => runMain(argv, { cwd });
const countOf = (words: string, text: string) => text.split(words).length - 1;

describe('somebody whose releases are all private', () => {
  it.each([
    [['ls'], '--from'],
    [['pull', 'm', '--into', 'here'], '--from'],
    [['verify'], '--store'],
    [['serve', '--port', '0'], '--private-store'],
  ])('is told by %j how to name their store', async (argv, option) => {
    expect((await run('publish', 'weights', 'm@1.0.0', '--access', 'private')).code).toBe(0);
    const { code, stdout, stderr } = await run(...argv);
    expect([code, stdout]).toEqual([5, '']);
    expect(stderr).toContain(`${option} file:./mirror-private`);
    if (argv[0] === 'ls') expect((await run('ls', option, 'file:./mirror-private')).stdout).toContain('m@1.0.0');
  });

  it('is told also before the store that weighbridge.yaml names is there', async () => {
    await writeFile(join(cwd, 'weighbridge.yaml'), 'stores: { private: "file:./closed" }\n');
    expect((await run('ls')).stderr).toContain('--from file:./closed');
  });

  it('is not what somebody is taken for who has no releases at all', async () => {
    const { code, stderr } = await run('ls');
    expect([code, stderr]).toEqual([5, expect.stringContaining('is not a mirror')]);
    expect(stderr).not.toContain('private');
  });
});

describe('an artifact without a digest', () => {
  it.each(['stage', 'plan'])('is reported by %s once', async (command) => {
    await run('new', 'm@1.0.0', 'weights');
    const { code, stdout, stderr } = await run(command, 'm-1.0.0.yaml');
    expect(code).toBe(1);
    expect(countOf('sha256', stdout + stderr)).toBe(1);
    expect(stdout).toContain('error: model: the manifest has no sha256 for it; run `weighbridge lock`');
  });
});

describe('a version that is none in semver', () => {
  const note = (like: string) => `is no semantic version, so versions of m are tags for good; write ${like} for semver`;

  it.each([
    ['1.0', '1.0.0'],
    ['v2', '2.0.0'],
    ['stable', 'one such as 1.0.0'],
  ])('is pointed out by new: %s', async (version, like) => {
    expect((await run('new', `m@${version}`, 'weights')).stderr).toContain(`note: ${version} ${note(like)}`);
  });

  it('is pointed out by publish, until the collection has tags', async () => {
    expect((await run('publish', 'weights', 'm@1.0')).stderr).toContain(`note: 1.0 ${note('1.0.0')}`);
    expect((await run('publish', 'weights', 'm@1.1')).stderr).not.toContain('semver');
    expect((await run('publish', 'weights', 'n@1.0.0')).stderr).not.toContain('semver');
  });
});

describe('a source that is not there', () => {
  it('is named once by lock, once by plan and once by stage', async () => {
    await writeFile(
      join(cwd, 'm.yaml'),
      [
        'weighbridge: 1',
        'collection: m',
        'version: 1.0.0',
        'access: public',
        'artifacts:',
        '  - id: model',
        '    file: model.bin',
        '    sources: [ "file:weights/gone.bin", "file:weights/model.bin" ]',
        '    size: 7',
        '  - id: other',
        '    file: other.bin',
        '    source: file:weights/other.bin',
        `    sha256: ${'a1'.repeat(32)}`,
        '',
      ].join('\n'),
    );
    const locked = await run('lock', 'm.yaml');
    const text = locked.stdout + locked.stderr;
    expect([countOf('gone.bin', text), countOf('other.bin', text)], text).toEqual([1, 1]);
    for (const command of ['plan', 'stage']) {
      const { code, stdout, stderr } = await run(command, 'm.yaml');
      expect(code).toBe(1);
      const said = stdout + stderr;
      expect([countOf('gone.bin', said), countOf('weights/other.bin', said)], said).toEqual([1, 1]);
      expect(stdout).toContain('weights/other.bin');
    }
  });
});
