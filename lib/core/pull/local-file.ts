import { constants } from 'node:fs';
import { type FileHandle, open, stat } from 'node:fs/promises';
import type { HashPool } from '../digest/hash-pool.ts';
import { hashBytes } from '../mirror/paced-hash.ts';
import type { LocalState } from './pull-report.ts';

const chunkSize = 1024 * 1024;
/** A pointer file is three short lines; the specification allows up to 1024 bytes. */
const pointerLimit = 1024;
const pointerStart = 'version https://git-lfs.github.com/spec/';

/** What bytes are wanted at a path. */
export interface ExpectedBytes {
  readonly size: number;
  /** Lowercase hex. */
  readonly sha256: string;
}

/**
 * Looks at what lies at a path and proves it, never by its name alone. Follows links: reading through one harms nothing.
 * What is not a regular file (a folder, a pipe) counts as `size`: other content than wanted.
 */
export async function examineFile(
  path: string,
  expected: ExpectedBytes,
  hashes: HashPool,
  onProgress: (done: number) => void = () => {},
): Promise<LocalState> {
  const handle = await openForReading(path);
  if (handle === undefined) return 'missing';
  try {
    const stat = await handle.stat();
    if (!stat.isFile()) return 'size';
    if (stat.size <= pointerLimit && (await isPointer(handle, stat.size))) {
      if (stat.size !== expected.size) return 'pointer';
    }
    if (stat.size !== expected.size) return 'size';
    const actual = await hashBytes(readHandle(handle, 0, stat.size), stat.size, hashes, onProgress);
    return actual.hex === expected.sha256 ? 'valid' : 'digest';
  } finally {
    await handle.close();
  }
}

/** Is there a regular file of that size? What costs nothing to know, before it is read. */
export async function hasSize(path: string, size: number): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isFile() === true && found.size === size;
}

/** Non-blocking, so that a pipe of that name cannot hold the program up for ever. Undefined: nothing is there. */
async function openForReading(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

async function isPointer(handle: FileHandle, size: number): Promise<boolean> {
  const { buffer, bytesRead } = await handle.read(Buffer.alloc(size), 0, size, 0);
  return buffer.subarray(0, bytesRead).toString('latin1').startsWith(pointerStart);
}

/** The bytes `[from, to)` of an open file, in chunks of their own memory each. */
export async function* readHandle(handle: FileHandle, from: number, to: number): AsyncGenerator<Uint8Array> {
  for (let at = from; at < to; ) {
    const wanted = Math.min(chunkSize, to - at);
    const { bytesRead, buffer } = await handle.read(Buffer.allocUnsafeSlow(wanted), 0, wanted, at);
    if (bytesRead === 0) return;
    at += bytesRead;
    yield buffer.subarray(0, bytesRead);
  }
}
