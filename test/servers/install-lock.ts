import { randomUUID } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';

export interface InstallLockOptions {
  /** Called once when somebody else is at it. */
  readonly onWait: (pid: number) => void;
  /** Seconds between two looks. */
  readonly every?: number;
  readonly looks?: number;
}

/**
 * Runs an action while no other process of this machine runs one under the same lock file. A holder that died is replaced.
 * @throws Error when the holder is not done after `looks` looks (an hour).
 */
export async function underInstallLock<Result>(
  file: string,
  action: () => Promise<Result>,
  { onWait, every = 1, looks = 3600 }: InstallLockOptions,
): Promise<Result> {
  // Linked rather than written in place: whoever sees the lock sees whose it is.
  const own = `${file}.${randomUUID()}`;
  await writeFile(own, String(process.pid));
  try {
    await take(file, own, { onWait, every, looks });
    try {
      return await action();
    } finally {
      await rm(file, { force: true });
    }
  } finally {
    await rm(own, { force: true });
  }
}

async function take(file: string, own: string, options: Required<InstallLockOptions>): Promise<void> {
  let said = false;
  for (let look = 0; look < options.looks; look += 1) {
    if (await linked(own, file)) return;
    const holder = await holderOf(file);
    if (holder === undefined) continue;
    if (!isAlive(holder)) {
      await removeStale(file, own, holder);
      continue;
    }
    if (!said) options.onWait(holder);
    said = true;
    await sleep(options.every * 1000);
  }
  throw new Error(
    `process ${await holderOf(file)} still holds ${file}; end it, or remove the file if it is not an installer`,
  );
}

/** Two may find the same dead holder; the one that comes second must not remove the lock of the first. */
async function removeStale(file: string, own: string, dead: number): Promise<void> {
  const aside = `${own}.stale`;
  await rename(file, aside).catch(ignoreMissing);
  const taken = await holderOf(aside);
  if (taken !== undefined && taken !== dead) await linked(aside, file);
  await rm(aside, { force: true });
}

async function linked(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  }
}

async function holderOf(file: string): Promise<number | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  return text === undefined ? undefined : Number(text);
}

function ignoreMissing(error: NodeJS.ErrnoException): undefined {
  if (error.code !== 'ENOENT') throw error;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}
