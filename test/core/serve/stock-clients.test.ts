import { execFile } from 'node:child_process';
import { mkdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, test } from 'vitest';
import { layOutMirror, sampleBytes, temporaryFolder } from '../../fixtures/mirror.ts';
import { serving } from '../../fixtures/serving.ts';
import { hasProgram } from '../../support/has-program.ts';

const execute = promisify(execFile);
const weights = sampleBytes(3_000_000, 'weights');

const has = { curl: hasProgram('curl'), aria2c: hasProgram('aria2c'), sums: hasProgram('sha256sum') };

let base: string;
let root: string;
let folder: string;

beforeEach(async () => {
  const mirror = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a b.bin': weights, 'sub/c.bin': 'c' } },
  ]);
  root = mirror.root;
  base = `${await serving(root)}weights/1.0.0/`;
  folder = await temporaryFolder();
});

describe('what is served is good for', () => {
  test.runIf(has.curl)('curl, which fetches, continues and asks only for what changed', async () => {
    const out = join(folder, 'a.bin');
    await execute('curl', ['-fsSL', '-o', out, `${base}a%20b.bin`]);
    expect((await readFile(out)).equals(weights)).toBe(true);

    await writeFile(out, weights.subarray(0, 1_234_567));
    const { stdout } = await execute('curl', [
      '-fsS',
      '-C',
      '-',
      '-w',
      '%{http_code} %{size_download}',
      '-o',
      out,
      `${base}a%20b.bin`,
    ]);
    expect(stdout).toBe(`206 ${3_000_000 - 1_234_567}`);
    expect((await readFile(out)).equals(weights)).toBe(true);

    const tag = join(folder, 'tag');
    const conditional = [
      '-fsS',
      '--etag-save',
      tag,
      '--etag-compare',
      tag,
      '-w',
      '%{http_code}',
      '-o',
      out,
      `${base}sub/c.bin`,
    ];
    expect((await execute('curl', conditional)).stdout).toBe('200');
    expect((await execute('curl', conditional)).stdout).toBe('304');
  });

  test.runIf(has.curl && has.sums)('sha256sum, with the list as published', async () => {
    await mkdir(join(folder, 'sub'));
    for (const file of ['a b.bin', 'sub/c.bin', 'SHA256SUMS']) {
      await execute('curl', [
        '-fsS',
        '-o',
        join(folder, file),
        base + file.split('/').map(encodeURIComponent).join('/'),
      ]);
    }
    const { stdout } = await execute('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: folder });
    expect(stdout).toBe('a b.bin: OK\nsub/c.bin: OK\n');
    await execute('sha256sum', ['-c', '--strict', 'SHA256SUMS'], { cwd: join(root, 'weights/1.0.0') });
  });

  test.runIf(has.aria2c)('aria2, which fetches in pieces and proves by the Digest field', async () => {
    await execute('aria2c', ['-q', '-x4', '-s4', '-k1M', '-d', folder, '-o', 'a.bin', `${base}a%20b.bin`]);
    expect((await readFile(join(folder, 'a.bin'))).equals(weights)).toBe(true);
    const spoilt = Buffer.from(weights);
    spoilt[5] = (spoilt[5] ?? 0) ^ 1;
    await writeFile(join(root, 'weights/1.0.0/a b.bin'), spoilt);
    const again = execute('aria2c', ['-q', '-d', folder, '-o', 'b.bin', `${base}a%20b.bin`]);
    await expect(again).rejects.toMatchObject({ code: 32 });
  });

  test('fetch of JavaScript programs', async () => {
    const response = await fetch(`${base}a%20b.bin`, { headers: { range: 'bytes=10-19' } });
    expect(response.status).toBe(206);
    expect(Buffer.from(await response.arrayBuffer()).equals(weights.subarray(10, 20))).toBe(true);
    expect((await stat(join(root, 'weights/1.0.0/a b.bin'))).size).toBe(weights.length);
  });
});
