import { open, readdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { type LfsPointer, longestPointer, parseLfsPointer } from '../lfs-pointer.ts';
import { inputName, unreadable } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';
import { nameWithoutPointerEnding } from './release-assets.ts';

/** Git LFS pointers of one folder. */
export interface PointerFolder {
  /** By the name of the file that they stand for. */
  readonly byName: ReadonlyMap<string, LfsPointer>;
  readonly figures: Readonly<Record<string, number>>;
}

/**
 * Reads the Git LFS pointers in a folder, not below it. A pointer that was kept under `<name>.lfs-pointer.txt`, so
 * that Git leaves it alone, stands for `<name>`.
 * @throws UsageError when the folder cannot be read
 */
export async function readPointers(
  folder: string | undefined,
  cwd: string,
  findings: FindingList,
): Promise<PointerFolder> {
  if (folder === undefined) return { byName: new Map(), figures: {} };
  const path = resolve(cwd, folder);
  const entries = await readdir(path, { withFileTypes: true }).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(inputName(path, cwd), cause);
  });
  const byName = new Map<string, LfsPointer>();
  for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
    if (!entry.isFile()) continue;
    const text = await startOf(join(path, entry.name));
    if (!text.startsWith('version https://git-lfs.github.com/spec/')) continue;
    const pointer = parseLfsPointer(text);
    if (pointer === undefined)
      findings.add('not-taken', entry.name, undefined, 'a Git LFS pointer without digest or size');
    else byName.set(nameWithoutPointerEnding(entry.name), pointer);
  }
  return { byName, figures: { 'Git LFS pointers': byName.size } };
}

/** The first bytes as text: weights in the same folder are not read. */
async function startOf(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(longestPointer + 1), 0, longestPointer + 1, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
