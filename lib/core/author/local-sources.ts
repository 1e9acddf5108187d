import { stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { UsageError } from '../errors.ts';
import { formatSource } from '../sources/parse-source.ts';
import type { UnnamedArtifact } from './name-artifacts.ts';

/**
 * Local files as artifacts whose sources are relative to the manifest's folder. Their sizes are known, so they are
 * in it: weights of a few bytes are taken for a mistake only where nobody has said so.
 * @param root folder that the artifacts' own paths start from; absolute.
 * @param files paths relative to `root`, `/`-separated.
 * @throws UsageError when a file does not lie below the manifest's folder.
 */
export async function localSources(
  root: string,
  files: readonly string[],
  manifestDirectory: string,
): Promise<UnnamedArtifact[]> {
  const artifacts: UnnamedArtifact[] = [];
  for (const file of files) {
    const path = pathBelow(manifestDirectory, join(root, file));
    if (path === undefined) throw notBelow(file);
    const { size } = await stat(join(root, file));
    artifacts.push({ file, sources: [formatSource({ scheme: 'file', uri: '', path })], size });
  }
  return artifacts;
}

function notBelow(file: string): UsageError {
  return new UsageError(`${file} does not lie below the folder of the manifest`, {
    hint: 'file: sources lie below the manifest: put the manifest into a folder above the files, with --output.',
  });
}

/** The way from a folder down to a file, `/`-separated; undefined when it does not lie below. Both absolute. */
export function pathBelow(folder: string, path: string): string | undefined {
  const way = relative(folder, path).split(sep).join('/');
  const outside = way === '' || way === '..' || way.startsWith('../') || way.startsWith('/') || /^[A-Za-z]:/.test(way);
  return outside ? undefined : way;
}
