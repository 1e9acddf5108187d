import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { storeFolder } from '../core/stores/open-store.ts';

/** Do two store URLs name the same place, however each is written? Folders need not exist. */
export async function isSameStore(a: string, b: string, cwd: string): Promise<boolean> {
  if (a === b) return true;
  if (!a.startsWith('file:') || !b.startsWith('file:')) return false;
  return (await realFolder(storeFolder(a, cwd))) === (await realFolder(storeFolder(b, cwd)));
}

/** The path with links resolved as far as it exists. */
async function realFolder(path: string): Promise<string> {
  try {
    return await realpath(path);
  } catch {
    // Not there yet, or not to be looked at: then its name decides.
    return path === dirname(path) ? path : join(await realFolder(dirname(path)), basename(path));
  }
}
