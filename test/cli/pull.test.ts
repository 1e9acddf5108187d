import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FixtureMirror, layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { serving } from '../fixtures/serving.ts';
import { unrulyServer } from '../fixtures/unruly-server.ts';
import { runMain } from './run-main.ts';

let mirror: FixtureMirror;
let cwd: string;
let cache: string;

beforeEach(async () => {
  mirror = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'aaa', 'sub/b.bin': 'b' }, optional: ['sub/b.bin'] },
  ]);
  cwd = await temporaryFolder();
  cache = join(cwd, 'cache');
});

function run(args: readonly string[], variables: Record<string, string> = {}) {
  return runMain(['pull', ...args], { cwd, variables: { WEIGHBRIDGE_CACHE: cache, ...variables } });
}

const from = () => ['--from', mirror.url];

describe('pull', () => {
  test('fills a folder and says what came of it', async () => {
    const { code, stdout } = await run(['weights', '--into', 'out', '--from', await serving(mirror.root)]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/^weights@1\.0\.0: 2 of 2 files proven, 2 fetched \(4 B\) in \d\.\d s\n$/);
    expect(await readFile(join(cwd, 'out/sub/b.bin'), 'utf8')).toBe('b');
  });

  test('without a folder fills the cache and prints paths alone', async () => {
    const { code, stdout } = await run(['weights@1.0.0', ...from()]);
    expect([code, stdout]).toEqual([
      0,
      `${join(cache, 'weights/1.0.0/a.bin')}\n${join(cache, 'weights/1.0.0/sub/b.bin')}\n`,
    ]);
    expect((await run(['weights', 'a.bin', ...from()])).stdout).toBe(`${join(cache, 'weights/1.0.0/a.bin')}\n`);
  });

  test('speaks JSON', async () => {
    const { stdout } = await run(['weights', '--json', '--into', 'out', ...from()]);
    expect(JSON.parse(stdout)).toMatchObject({
      ok: true,
      release: 'weights@1.0.0',
      bytesFetched: 4,
      files: [
        { file: 'a.bin', state: 'fetched', bytesFetched: 3, path: join(cwd, 'out/a.bin'), required: true },
        { file: 'sub/b.bin', state: 'fetched', required: false },
      ],
    });
  });

  test('checks without changing, file by file', async () => {
    const check = ['weights', '--check', '--into', 'out', ...from()];
    expect(await run(check)).toMatchObject({ code: 1, stdout: 'missing  a.bin\nmissing  sub/b.bin  optional\n' });
    await run(['weights', '--into', 'out', ...from()]);
    await writeFile(join(cwd, 'out/sub/b.bin'), 'c');
    expect(await run(check)).toMatchObject({ code: 0, stdout: 'valid   a.bin\ndigest  sub/b.bin  optional\n' });
    await writeFile(join(cwd, 'out/a.bin'), 'aa');
    expect((await run(check)).code).toBe(1);
  });

  test('tells a required file that failed from an optional one', async () => {
    await rm(mirror.path('weights/1.0.0/sub/b.bin'));
    const optional = await run(['weights', '--into', 'out', ...from()]);
    expect(optional).toMatchObject({ code: 0, stderr: expect.stringContaining('warning: optional: sub/b.bin failed') });
    await writeFile(mirror.path('weights/1.0.0/a.bin'), 'AAA');
    const required = await run(['weights', '--into', 'out2', ...from()]);
    expect(required).toMatchObject({
      code: 1,
      stderr: expect.stringContaining('error: a.bin failed: the mirror sent other bytes'),
    });
  });

  test('offline needs everything to be there, and says 5 otherwise', async () => {
    expect((await run(['weights', '--offline', '--into', 'out'])).code).toBe(5);
    await run(['weights', '--into', 'out', ...from()]);
    expect((await run(['weights', '--offline', '--into', 'out'])).code).toBe(0);
    await rm(join(cwd, 'out/a.bin'));
    expect(await run(['weights', '--offline', '--into', 'out'])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('error: a.bin is not here'),
    });
  });

  test('the skip switch never touches the network: 0 when all is proven, else 6', async () => {
    const server = await unrulyServer(mirror.root);
    const args = ['weights', '--from', server.url];
    const skip = { WEIGHBRIDGE_SKIP_DOWNLOAD: '1' };
    expect(await run(args, skip)).toMatchObject({
      code: 6,
      stderr: expect.stringContaining('WEIGHBRIDGE_SKIP_DOWNLOAD is set'),
    });
    expect(server.log).toEqual([]);
    expect((await run(args)).code).toBe(0);
    const before = server.log.length;
    expect((await run(args, skip)).code).toBe(0);
    await writeFile(join(cache, 'weights/1.0.0/a.bin'), 'xxx');
    expect((await run(args, skip)).code).toBe(6);
    expect(server.log).toHaveLength(before);
  });

  test('a time limit ends a mirror that does not get on, and what came is kept', async () => {
    const server = await unrulyServer(mirror.root);
    server.misbehave('weights/1.0.0/a.bin', (response) => {
      response.writeHead(200, { 'content-length': 3 });
      response.write('a');
    });
    const { code, stderr } = await run(['weights', '--timeout', '1s', '--into', 'out', '--from', server.url]);
    expect(code).toBe(130);
    expect(stderr).toContain('not done within 1.0 s');
  });

  test('says so when --into is a file, without its absolute path', async () => {
    await writeFile(join(cwd, 'taken'), 'x');
    const { code, stderr } = await run(['weights', '--into', 'taken', ...from()]);
    expect(code).toBe(1);
    expect(stderr).toContain('making the folder: what is there is not a folder');
    expect(stderr).not.toContain(cwd);
  });

  test('says when there is no such release, file or mirror', async () => {
    expect((await run(['other', ...from()])).code).toBe(5);
    expect(await run(['weights', 'a.bon', ...from()])).toMatchObject({
      code: 5,
      stderr: expect.stringContaining('weights@1.0.0 has no "a.bon"; did you mean a.bin?'),
    });
    expect((await run(['weights', '--from', 'file:./nowhere'])).code).toBe(5);
    expect((await run(['weights', '--from', 'ftp://x'])).code).toBe(2);
    expect((await run(['weights@1.0.0+x', ...from()])).code).toBe(2);
  });
});
