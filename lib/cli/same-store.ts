import { realpath } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { parseBucketUrl } from '../core/stores/bucket-url.ts';
import { storeFolder } from '../core/stores/open-store.ts';

/** Do two store URLs name the same place, however each is written? Nothing needs to exist. @throws UsageError for an odd bucket URL. */
export async function isSameStore(a: string, b: string, cwd: string): Promise<boolean> {
  if (a === b) return true;
  const [first, second] = [parseBucketUrl(a), parseBucketUrl(b)];
  if (first !== undefined && second !== undefined) return isDeepStrictEqual(first, second);
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
