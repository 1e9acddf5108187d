import type { Dirent } from 'node:fs';
import { open, readdir, readFile, realpath, stat } from 'node:fs/promises';
import { join, posix, relative, sep } from 'node:path';
import picomatch from 'picomatch';
import { registryKey } from '../../contract/keys.ts';

/** A file that is left out of a manifest, and why, in words that follow its name. */
export interface SkippedFile {
  readonly file: string;
  readonly reason: string;
}

export interface LocalFiles {
  /** Paths relative to the directory, `/`-separated, sorted. */
  readonly files: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/** Why a file that only stands for another is left out. */
export const pointerReason = 'is a Git LFS pointer, not the file itself; run "git lfs pull" first';

/** Bytes that are enough to recognise a Git LFS pointer or a manifest by. */
const headBytes = 4096;

/**
 * Every file below a directory that can be an artifact. Hidden ones (`.git` too) and `node_modules` are left out silently;
 * Git LFS pointers, empty files, manifests, mirrors and links that lead outside are left out and named.
 * @param globs patterns relative to the directory; none means every file. One that begins with `!` takes away.
 * @throws the system's error when the directory cannot be read.
 */
export async function findLocalFiles(directory: string, globs: readonly string[] = []): Promise<LocalFiles> {
  const wanted = matcher(globs);
  const root = await realpath(directory);
  const files: string[] = [];
  const skipped: SkippedFile[] = [];
  const entries = (await readdir(directory, { recursive: true, withFileTypes: true })).map((entry) => ({
    entry,
    file: relative(directory, join(entry.parentPath, entry.name)).split(sep).join(posix.sep),
  }));
  // What a mirror holds, perhaps a private one, is no new release.
  const mirrors: string[] = [];
  for (const { entry, file } of entries) {
    if (entry.name !== registryKey || !entry.isFile() || isHidden(file)) continue;
    if (await isRegistry(join(directory, file))) mirrors.push(file.slice(0, -registryKey.length));
  }
  for (const mirror of mirrors) skipped.push({ file: mirror === '' ? '.' : mirror, reason: 'is a mirror' });
  for (const { entry, file } of entries) {
    if (entry.isDirectory() || isHidden(file) || !wanted(file)) continue;
    if (mirrors.some((mirror) => file.startsWith(mirror))) continue;
    const reason = await whyNot(root, join(directory, file), entry);
    if (reason === undefined) files.push(file);
    else skipped.push({ file, reason });
  }
  const byName = (a: string, b: string) => (a < b ? -1 : Number(a > b));
  return { files: files.sort(byName), skipped: skipped.sort((a, b) => byName(a.file, b.file)) };
}

/** Why a file on disk cannot be an artifact; undefined when it can. */
export async function faultOfFile(path: string): Promise<string | undefined> {
  const { size } = await stat(path);
  if (size === 0) return 'is empty';
  const head = size <= headBytes ? await readFile(path, 'utf8') : await readHead(path);
  if (head.startsWith('version https://git-lfs.github.com/spec/')) {
    return pointerReason;
  }
  if (/\.(?:ya?ml|json)$/i.test(path) && /^(?:["'{ ]*)weighbridge["']?:\s*1\s*(?:#.*|,.*)?$/m.test(head)) {
    return 'is a manifest';
  }
  return undefined;
}

async function whyNot(root: string, path: string, entry: Dirent): Promise<string | undefined> {
  if (entry.isSymbolicLink()) {
    const target = await realpath(path).catch(() => undefined);
    if (target === undefined) return 'is a link that leads nowhere';
    if (!target.startsWith(root + sep)) return 'is a link that leads outside of the folder';
    if ((await stat(target)).isDirectory()) return 'is a link to a folder; links to folders are not followed';
  } else if (!entry.isFile()) {
    return 'is not a regular file';
  }
  return await faultOfFile(path);
}

async function isRegistry(path: string): Promise<boolean> {
  try {
    const { schema } = JSON.parse(await readFile(path, 'utf8'));
    return typeof schema === 'string' && schema.startsWith('weighbridge/registry/');
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}

async function readHead(path: string): Promise<string> {
  const file = await open(path);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(headBytes), 0, headBytes, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await file.close();
  }
}

function isHidden(file: string): boolean {
  return file.split('/').some((segment) => segment.startsWith('.') || segment === 'node_modules');
}

function matcher(globs: readonly string[]): (file: string) => boolean {
  const without = globs.filter((glob) => glob.startsWith('!')).map((glob) => picomatch(glob.slice(1)));
  const positive = globs.filter((glob) => !glob.startsWith('!'));
  const within = positive.length === 0 ? [() => true] : positive.map((glob) => picomatch(glob));
  return (file) => within.some((matches) => matches(file)) && !without.some((matches) => matches(file));
}
