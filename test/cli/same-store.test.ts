import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { isSameStore } from '../../lib/cli/same-store.ts';

let cwd: string;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-same-'));
  await mkdir(join(cwd, 'mirror'));
  await symlink('mirror', join(cwd, 'linked'));
});

afterEach(() => rm(cwd, { recursive: true }));

it.each([
  ['file:mirror', 'file:./linked/', true],
  ['file:mirror', 'file:other', false],
  ['s3://models', 's3://models/', true],
  ['s3://models/prod', 's3://models/prod/', true],
  ['s3://models/prod', 's3://models/prod/eu', false],
  ['s3://models/prod', 's3://models/Prod', false],
  ['s3://models', 'gs://models', false],
  ['gs://models/a', 'gs://models/a/', true],
  ['s3://models', 'file:models', false],
])('%s and %s: the same place? %s', async (a, b, same) => {
  expect(await isSameStore(a, b, cwd)).toBe(same);
  expect(await isSameStore(b, a, cwd)).toBe(same);
});
