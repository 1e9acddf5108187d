import { createHash } from 'node:crypto';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { isProvenDead, type ProcessIdentity, processIdentity } from '../state/process-identity.ts';
import { isMissing } from './file-errors.ts';

const prefix = 'tmp-';

/** Seconds after which a file is taken for abandoned although its process cannot be asked: writing one takes moments. */
const abandonedAfter = 3600;

let count = 0;

/** A fresh name for a file to be written aside, which says whose it is: `tmp-{host}-{pid}-{start}-{n}`. */
export function scratchName(): string {
  const me = processIdentity();
  count += 1;
  return `${prefix}${hostDigest(me)}-${me.pid}-${me.processStart ?? ''}-${count}-${Math.random().toString(36).slice(2, 8)}`;
}

/**
 * Removes the files that processes left behind when they died: at once where the death is proven on this
 * host, after an hour otherwise. Taking one from a living process costs that process a retry, nothing more.
 * @returns How many were removed.
 */
export async function sweepScratch(folder: string, now: Date): Promise<number> {
  let removed = 0;
  for (const name of await readdir(folder)) {
    if (!name.startsWith(prefix) || !(await isAbandoned(join(folder, name), name, now))) continue;
    await removeIfThere(join(folder, name));
    removed += 1;
  }
  return removed;
}

async function isAbandoned(path: string, name: string, now: Date): Promise<boolean> {
  const [host, pid, start] = name.slice(prefix.length).split('-');
  const me = processIdentity();
  if (host === hostDigest(me)) {
    return isProvenDead({ host: me.host, pid: Number(pid), processStart: start === '' ? undefined : start });
  }
  try {
    return now.getTime() - (await stat(path)).mtimeMs > abandonedAfter * 1000;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}

/** Removes a file; one that is gone already is fine. */
export async function removeIfThere(path: string): Promise<void> {
  try {
    await unlink(path);
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}

function hostDigest(identity: ProcessIdentity): string {
  return createHash('sha256').update(identity.host).digest('hex').slice(0, 12);
}
