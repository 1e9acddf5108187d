import { randomFillSync } from 'node:crypto';
import { mkdtemp, readFile, rm, stat, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { PartFile } from '../../../lib/core/stores/part-file.ts';
import { MemoryBudget } from '../../../lib/core/transfer/memory-budget.ts';

const mebibyte = 1 << 20;

/** Random bytes in memory as transfers have it. */
async function pagedBytes(size: number): Promise<Uint8Array> {
  const { bytes } = await new MemoryBudget(4 * mebibyte).acquire(size, new AbortController().signal);
  return randomFillSync(bytes);
}

async function canBeWritten(folder: string): Promise<boolean> {
  try {
    await rm(await mkdtemp(join(folder, 'weighbridge-')), { recursive: true });
    return true;
  } catch {
    return false;
  }
}

/** Where Linux keeps files in memory, which not every kernel writes directly. */
const inMemory = (await canBeWritten('/dev/shm')) ? ['/dev/shm'] : [];

describe.each([tmpdir(), ...inMemory])('a part file in %s', (place) => {
  let folder: string;
  let path: string;

  beforeEach(async () => {
    folder = await mkdtemp(join(place, 'weighbridge-'));
    path = join(folder, 'data');
    await writeFile(path, '');
    await truncate(path, 3 * mebibyte + 5);
  });
  afterEach(() => rm(folder, { recursive: true, force: true }));

  it('holds parts that were written in any order, the odd end of the last one included', async () => {
    const bytes = await pagedBytes(3 * mebibyte + 5);
    const file = new PartFile(path);
    await Promise.all(
      [2, 0, 1].map((part) =>
        file.write(
          part === 2 ? bytes.subarray(2 * mebibyte) : bytes.subarray(part * mebibyte, (part + 1) * mebibyte),
          part * mebibyte,
        ),
      ),
    );
    await file.sync();
    expect(Buffer.compare(await readFile(path), bytes)).toBe(0);
  });

  it('takes bytes from any address to any position', async () => {
    const bytes = await pagedBytes(2 * mebibyte + 7);
    const file = new PartFile(path);
    const ordinary = Buffer.from(bytes);
    expect(await file.write(bytes.subarray(1), 3)).toBe(2 * mebibyte + 6);
    expect((await readFile(path)).subarray(3, 2 * mebibyte + 9).equals(ordinary.subarray(1))).toBe(true);
    await file.write(ordinary, 0);
    expect((await readFile(path)).subarray(0, 2 * mebibyte + 7).equals(ordinary)).toBe(true);
    // One that was refused does not keep the next from being written.
    await file.write(bytes, mebibyte - (mebibyte % 4096));
    expect(
      (await readFile(path)).subarray(mebibyte, 3 * mebibyte + 5).equals(ordinary.subarray(0, 2 * mebibyte + 5)),
    ).toBe(true);
    expect((await stat(path)).size).toBe(3 * mebibyte + 7);
  });

  it('says how many bytes wait in the page cache: never more than came', async () => {
    const bytes = await pagedBytes(mebibyte + 100);
    const cached = await new PartFile(path).write(bytes, 0);
    expect([100, bytes.byteLength]).toContain(cached);
  });
});

it('a file that is gone is not made again', async () => {
  const path = join(tmpdir(), 'weighbridge-no-such-file');
  await expect(new PartFile(path).write(await pagedBytes(mebibyte), 0)).rejects.toMatchObject({ code: 'ENOENT' });
  await expect(stat(path)).rejects.toMatchObject({ code: 'ENOENT' });
});
