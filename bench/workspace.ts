import { createHash, randomFillSync } from 'node:crypto';
import { mkdir, mkdtemp, open, readdir, rm, statfs } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/**
 * Gives `work` a fresh folder and removes it afterwards, whatever happened, also on Ctrl-C.
 * @param bytes what the bench will write there at most
 * @throws Error when the disk has less room.
 */
export async function inWorkspace<T>(bytes: number, work: (folder: string) => Promise<T>): Promise<T> {
  const { bavail, bsize } = await statfs(tmpdir());
  if (bavail * bsize < bytes) throw new Error(`${tmpdir()} needs ${bytes} free bytes and has ${bavail * bsize}`);
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-bench-'));
  const interrupt = new AbortController();
  const interrupted = new Promise<never>((_, reject) => {
    interrupt.signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
  const stop = () => interrupt.abort();
  process.once('SIGINT', stop);
  try {
    return await Promise.race([work(folder), interrupted]);
  } finally {
    process.removeListener('SIGINT', stop);
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

/** Writes a file of random bytes. @returns Its SHA-256 in hex. */
export async function writeRandomFile(path: string, size: number): Promise<string> {
  const hash = createHash('sha256');
  const block = Buffer.alloc(Math.min(size, 8 << 20));
  const file = await open(path, 'wx');
  try {
    for (let left = size; left > 0; left -= block.length) {
      const piece = block.subarray(0, Math.min(left, block.length));
      randomFillSync(piece);
      hash.update(piece);
      await file.writeFile(piece);
    }
  } finally {
    await file.close();
  }
  return hash.digest('hex');
}

/** Reads every file of a folder, so that no run pays for a cold page cache that the next one finds warm. */
export async function warm(folder: string): Promise<void> {
  const block = Buffer.alloc(8 << 20);
  for (const name of await readdir(folder)) {
    const file = await open(join(folder, name), 'r');
    try {
      while ((await file.read(block, 0, block.length, null)).bytesRead > 0);
    } finally {
      await file.close();
    }
  }
}

/** An empty folder at a path, whatever was there before. */
export async function emptyFolder(path: string): Promise<string> {
  await rm(path, { recursive: true, force: true, maxRetries: 5 });
  await mkdir(path, { recursive: true });
  return path;
}
