import { stat } from 'node:fs/promises';
import { dirname, relative, resolve, sep } from 'node:path';
import picomatch from 'picomatch';
import { type FoundFiles, filesAt } from '../../core/author/manifest-from-directory.ts';
import { UsageError } from '../../core/errors.ts';

/** What one file, folder or pattern of the command line stands for. */
export interface LocalInput extends FoundFiles {
  /** Absolute; of a pattern: the folder that it begins in. */
  readonly path: string;
}

/**
 * Finds the files that inputs name. Files that are named one by one keep their places to each other, so that
 * `a/x.bin b/x.bin` stay two files.
 * @throws UsageError when nothing is there.
 */
export async function findLocalInputs(cwd: string, inputs: readonly string[]): Promise<LocalInput[]> {
  const found = await Promise.all(inputs.map((input) => findOne(cwd, input)));
  const singles = found.filter(({ root, path }) => root !== path).map(({ root }) => root);
  if (singles.length < 2) return found;
  const common = singles.reduce(commonOf);
  return found.map((one) => {
    if (one.root === one.path) return one;
    const inside = relative(common, one.root).split(sep).join('/');
    const place = (file: string) => (inside === '' ? file : `${inside}/${file}`);
    const skipped = one.skipped.map((left) => ({ ...left, file: place(left.file) }));
    return { path: one.path, root: common, files: one.files.map(place), skipped };
  });
}

async function findOne(cwd: string, input: string): Promise<LocalInput> {
  const written = input.replace(/^file:/, '');
  const path = resolve(cwd, written);
  if (await exists(path)) return { path, ...(await filesAt(path)) };
  const { base, glob, isGlob } = picomatch.scan(written);
  if (!isGlob) throw new UsageError(`${input}: there is no such file or folder`);
  const folder = resolve(cwd, base);
  if (!(await exists(folder))) throw new UsageError(`${input}: there is no folder ${base}`);
  return { path: folder, ...(await filesAt(folder, [glob])) };
}

async function exists(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    if (code === 'ENOENT' || code === 'ENOTDIR') return false;
    throw error;
  }
}

function commonOf(a: string, b: string): string {
  let common = a;
  while (relative(common, b).startsWith('..') && dirname(common) !== common) common = dirname(common);
  return common;
}
