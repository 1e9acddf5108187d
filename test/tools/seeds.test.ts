import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-seeds-'));
});
afterEach(() => rm(folder, { recursive: true }));

const seeds = (...argv: string[]) =>
  runProgram(process.execPath, [join(root, 'tools/seeds.ts'), ...argv], { cwd: root, env: { PATH: process.env.PATH } });

it('npm run seeds fails where real files give other figures, and says which are absent', async () => {
  await mkdir(join(folder, 'falconeye/weights'), { recursive: true });
  const weights = { 'a.pt': { url: 'https://example.org/a.pt', size_mb: 1.5, checksum: null, required: true } };
  await writeFile(join(folder, 'falconeye/weights/manifest.json'), JSON.stringify({ version: '1.0', weights }));
  const { code, stdout } = await seeds(folder);
  expect(code).toBe(1);
  expect(stdout).toContain('DIFFERS  falconeye-weights falconeye/weights/manifest.json: manifests 1, ');
  expect(stdout).toContain('weights: 1, known are 9\n');
  expect(stdout).toContain('absent   stemsep-registry ');
  expect(stdout).toMatch(/1 of \d+ files tried, 1 not as known\n$/);
});

it('npm run seeds exits 2 where there is nothing to try', async () => {
  expect(await seeds(folder)).toMatchObject({ code: 2, stdout: expect.stringMatching(/0 of \d+ files tried/) });
  expect(await seeds()).toMatchObject({ code: 2, stderr: 'usage: npm run seeds -- DIR\n' });
});
