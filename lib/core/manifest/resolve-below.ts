import { realpathSync } from 'node:fs';
import { realpath } from 'node:fs/promises';
import { isAbsolute, join, relative, sep } from 'node:path';
import { SourceError } from '../sources/source.ts';

/**
 * The real path of a `file:` source, with every link on the way resolved, if it still lies below the directory.
 * Open what this returns, not the path that went in.
 * @param directory the manifest's own directory.
 * @param path as in `FileRef.path`: relative, `/`-separated.
 * @throws SourceError `forbidden` when it is absolute or leads outside, `missing` when nothing is there, `broken`
 *   when the way cannot be read. No message holds an absolute path.
 */
export async function resolveBelow(directory: string, path: string): Promise<string> {
  const outside = () =>
    new SourceError('forbidden', `file:${path} leads outside the manifest's own directory`, {
      hint: 'Move the file below the folder of the manifest, or publish that folder itself.',
    });
  if (path === '' || path.includes('\0') || isAbsolute(path)) throw outside();
  if (!liesBelow(directory, join(directory, path))) throw outside();
  const root = await realpathOf(directory, '.');
  const target = await realpathOf(join(root, path), path);
  if (!liesBelow(root, target)) throw outside();
  return target;
}

/**
 * Does a link on the way of a `file:` source lead out of the directory? A source that is not there does not.
 * For telling the author early: whoever opens the file asks `resolveBelow`.
 */
export function linksOutside(directory: string, path: string): boolean {
  try {
    const root = realpathSync.native(directory);
    return !liesBelow(root, realpathSync.native(join(root, path)));
  } catch {
    return false;
  }
}

function liesBelow(directory: string, path: string): boolean {
  const way = relative(directory, path);
  return way !== '' && way !== '..' && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

async function realpathOf(path: string, shown: string): Promise<string> {
  try {
    return await realpath(path);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'unknown';
    if (code === 'ENOENT' || code === 'ENOTDIR') {
      throw new SourceError('missing', `file:${shown} does not exist`, { evidence: { code } });
    }
    throw new SourceError('broken', `file:${shown} cannot be read (${code})`, { evidence: { code } });
  }
}
