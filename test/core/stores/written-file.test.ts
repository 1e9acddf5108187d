import { mkdtemp, readdir, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { outdate, writeAside } from '../../../lib/core/stores/written-file.ts';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-file-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** Seconds by which the clock of whoever wrote the present state was ahead of, or behind, the replacement's. */
test.each([0, 0.0005, 10, 86_400, -10])(
  'a replacement is later than what it replaces, also %d s ahead',
  async (ahead) => {
    const [current, replacement] = [join(folder, 'current'), join(folder, 'replacement')];
    const now = Math.floor(Date.now() / 1000);
    for (const [path, time] of [
      [current, now + ahead],
      [replacement, now],
    ] as const) {
      await writeFile(path, 'same size');
      await utimes(path, time, time);
    }
    const tag = await outdate(replacement, current, 'k');
    const before = (await stat(current, { bigint: true })).mtimeNs;
    const after = (await stat(replacement, { bigint: true })).mtimeNs;
    expect(after).toBeGreaterThan(before);
    expect(tag).toEqual({ key: 'k', size: 9, etag: `9-${after}` });
  },
);

test('a file that cannot be written whole is not left behind', async () => {
  await expect(writeAside(join(folder, 'no', 'file'), Buffer.from('x'), 'k')).rejects.toThrow();
  await writeFile(join(folder, 'taken'), 'mine');
  await expect(writeAside(join(folder, 'taken'), Buffer.from('x'), 'k')).rejects.toThrow();
  expect(await readdir(folder)).toEqual(['taken']);
});
