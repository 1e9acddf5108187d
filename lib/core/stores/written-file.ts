import { lstat, open, utimes } from 'node:fs/promises';
import { fileStat } from './mirror-directory.ts';
import { removeIfThere } from './scratch-files.ts';
import { type ObjectStat, StoreError } from './store.ts';

/** Writes a new file and syncs it; nothing is left of it when that fails. */
export async function writeAside(path: string, bytes: Uint8Array, key: string): Promise<ObjectStat> {
  const file = await open(path, 'wx');
  try {
    await file.writeFile(bytes);
    await file.sync();
    return fileStat(key, await file.stat({ bigint: true }));
  } catch (error) {
    await removeIfThere(path);
    throw error;
  } finally {
    await file.close();
  }
}

/** Syncs a copy, which must have the size of what was copied. */
export async function settle(path: string, key: string, size: number): Promise<ObjectStat> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
    const stat = fileStat(key, await file.stat({ bigint: true }));
    if (stat.size !== size) {
      throw new StoreError(`${key} was changed while it was copied`, { retryable: true, evidence: { key } });
    }
    return stat;
  } finally {
    await file.close();
  }
}

/**
 * Makes a replacement carry a later time than what it replaces. The kernel's clock may tick only every few
 * milliseconds (FAT: two seconds), and two states of one size must never share a tag.
 */
export async function outdate(replacement: string, current: string, key: string): Promise<ObjectStat> {
  const { mtimeNs } = await lstat(current, { bigint: true });
  for (const step of [0.001, 0.01, 1, 3, 0]) {
    const stat = await lstat(replacement, { bigint: true });
    if (stat.mtimeNs > mtimeNs) return fileStat(key, stat);
    const later = Number(mtimeNs) / 1e9 + step;
    await utimes(replacement, later, later);
  }
  throw new StoreError(`${key} cannot be replaced: the file system keeps no later time than it has`, {
    evidence: { key },
  });
}
