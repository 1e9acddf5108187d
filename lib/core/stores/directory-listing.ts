import { type Dirent, lstatSync } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { privateFolder } from '../../contract/keys.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { isMissing } from './file-errors.ts';
import { fileStat, type MirrorDirectory } from './mirror-directory.ts';
import type { ForeignEntry, ObjectStat } from './store.ts';

interface Found {
  readonly key: string;
  readonly path: string;
  readonly entry: Dirent;
}

/** Files whose state is asked for at a time. */
const batch = 256;

/** The regular files under a prefix, in the order of their keys' UTF-8 bytes. */
export async function* listFiles(directory: MirrorDirectory, prefix: string): AsyncGenerator<ObjectStat> {
  let waiting: Found[] = [];
  for await (const found of walk(directory, prefix)) {
    if (!found.entry.isFile()) continue;
    waiting.push(found);
    if (waiting.length < batch) continue;
    yield* await states(waiting);
    waiting = [];
  }
  yield* await states(waiting);
}

/** What lies under a prefix and is neither a regular file nor a folder. */
export async function* listForeign(directory: MirrorDirectory, prefix: string): AsyncGenerator<ForeignEntry> {
  for await (const { key, path, entry } of walk(directory, prefix)) {
    if (await isUnreadable(path)) yield { key, what: 'unreadable name' };
    else if (entry.isSymbolicLink()) yield { key, what: 'symbolic link' };
    else if (!entry.isFile()) yield { key, what: 'special file' };
  }
}

async function* walk(directory: MirrorDirectory, prefix: string): AsyncGenerator<Found> {
  const start = prefix.slice(0, prefix.lastIndexOf('/') + 1);
  const folder = join(directory.root, ...start.split('/'));
  if (start.split('/').some((segment) => segment === '.' || segment === '..') || start.includes('\0')) return;
  if (await directory.isPlain(folder)) yield* walkFolder(directory, folder, start, prefix);
}

async function* walkFolder(
  directory: MirrorDirectory,
  folder: string,
  at: string,
  prefix: string,
): AsyncGenerator<Found> {
  directory.unsynced.add(folder);
  const entries = (await entriesOf(folder))
    .filter((entry) => at !== '' || entry.name !== privateFolder)
    // A folder sorts as its keys do: `a-b` before `a/c` before `a0`.
    .map((entry) => ({ entry, name: entry.isDirectory() ? `${entry.name}/` : entry.name }))
    .sort((a, b) => compareUtf8(a.name, b.name));
  for (const { entry, name } of entries) {
    const key = at + name;
    const path = join(folder, entry.name);
    if (entry.isDirectory()) {
      if (key.startsWith(prefix) || prefix.startsWith(key)) yield* walkFolder(directory, path, key, prefix);
    } else if (key.startsWith(prefix)) {
      yield { key, path, entry };
    }
  }
}

async function entriesOf(folder: string): Promise<Dirent[]> {
  try {
    return await readdir(folder, { withFileTypes: true });
  } catch (error) {
    if (isMissing(error)) return [];
    throw error;
  }
}

/** Milliseconds that a local file system does not need for the state of one file, and a network always does. */
const quick = 0.1;

/**
 * Where the first answer is there at once the others are asked for on the spot: handing ten thousand questions to
 * other threads takes several times as long as answering them. Where it has to come from far away, all wait together.
 */
async function states(files: readonly Found[]): Promise<readonly ObjectStat[]> {
  const [first, ...others] = files;
  if (first === undefined) return [];
  const started = performance.now();
  const stats = [stateNow(first)];
  const near = performance.now() - started < quick;
  stats.push(...(near ? others.map(stateNow) : await Promise.all(others.map(stateLater))));
  return stats.filter((stat) => stat !== undefined);
}

function stateNow({ key, path }: Found): ObjectStat | undefined {
  try {
    const stat = lstatSync(path, { bigint: true });
    return stat.isFile() ? fileStat(key, stat) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

async function stateLater({ key, path }: Found): Promise<ObjectStat | undefined> {
  try {
    const stat = await lstat(path, { bigint: true });
    return stat.isFile() ? fileStat(key, stat) : undefined;
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

/** The name on disk is not UTF-8: Node shows what it could not read as U+FFFD, and then cannot find it. */
async function isUnreadable(path: string): Promise<boolean> {
  if (!path.includes('\uFFFD')) return false;
  try {
    await lstat(path);
    return false;
  } catch (error) {
    if (isMissing(error)) return true;
    throw error;
  }
}
