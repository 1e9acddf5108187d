import { randomBytes } from 'node:crypto';
import { open, readFile, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

/**
 * Replaces a file as a whole, keeping its mode; a reader sees the old bytes or the new ones. A link stays a link.
 * @param before what the file held when it was read.
 * @returns false, with nothing written, when the file holds something else by now: somebody edited it meanwhile.
 */
export async function replaceFile(path: string, before: Uint8Array, content: string): Promise<boolean> {
  const target = await realpath(path);
  const { mode } = await stat(target);
  const scratch = join(dirname(target), `.${basename(target)}.${randomBytes(6).toString('hex')}.tmp`);
  const file = await open(scratch, 'wx', mode);
  try {
    try {
      await file.writeFile(content);
      await file.chmod(mode); // past the umask
      await file.sync();
    } finally {
      await file.close();
    }
    if (!(await readFile(target)).equals(before)) {
      await rm(scratch);
      return false;
    }
    await rename(scratch, target);
    return true;
  } catch (error) {
    await rm(scratch, { force: true });
    throw error;
  }
}
