import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HashPool } from '../digest/hash-pool.ts';
import { DigestMismatch } from '../errors.ts';
import { openPacedHash, type PacedHash } from '../mirror/paced-hash.ts';
import { type ExpectedBytes, readHandle } from './local-file.ts';

/** Below this many bytes a download starts over rather than being continued: remembering its tag would cost more. */
const resumeFrom = 1024 * 1024;
/** Bytes written and hashed at once: networks deliver 64 KiB at a time, and every step to another thread has its price. */
const blockSize = 1024 * 1024;

/**
 * A download being written aside, under a name made of its digest, so that the next run finds it.
 * Whoever opens one holds the lock of that digest.
 */
export class PartialDownload {
  readonly #path: string;
  readonly #expected: ExpectedBytes;
  readonly #handle: FileHandle;
  readonly #hash: PacedHash;
  #offset: number;
  /** Two, so that one fills while the other is written and hashed. */
  readonly #blocks: readonly [Buffer, Buffer];
  #filling = 0;
  #filled = 0;
  #storing: Promise<void> = Promise.resolve();
  /** Bytes that an earlier run left and this one hashed again. */
  readonly resumedFrom: number;
  /** Tag under which those were sent. */
  readonly etag: string | undefined;

  private constructor(
    path: string,
    expected: ExpectedBytes,
    handle: FileHandle,
    hash: PacedHash,
    resumedFrom: number,
    etag: string | undefined,
  ) {
    this.#path = path;
    this.#expected = expected;
    this.#handle = handle;
    this.#hash = hash;
    this.#offset = resumedFrom;
    const block = Math.min(blockSize, expected.size - resumedFrom);
    this.#blocks = [sharedBlock(block), sharedBlock(block)];
    this.resumedFrom = resumedFrom;
    this.etag = etag;
  }

  /**
   * Continues what lies at `path`, after hashing it again, or begins anew.
   * @param onProgress called with the bytes that are hashed so far
   */
  static async open(
    path: string,
    expected: ExpectedBytes,
    hashes: HashPool,
    onProgress: (done: number) => void,
  ): Promise<PartialDownload> {
    const flags = constants.O_RDWR | constants.O_CREAT | constants.O_NOFOLLOW;
    const handle = await open(path, flags, 0o666);
    const hash = await openPacedHash(expected.size, hashes);
    try {
      const { size } = await handle.stat();
      const usable = size <= expected.size && size >= resumeFrom ? size : 0;
      if (usable !== size) await handle.truncate(usable);
      let done = 0;
      for await (const chunk of readHandle(handle, 0, usable)) {
        await hash.add(chunk);
        done += chunk.length;
        onProgress(done);
      }
      const etag = usable === 0 ? undefined : await readFile(`${path}.etag`, 'utf8').catch(() => undefined);
      return new PartialDownload(path, expected, handle, hash, usable, etag);
    } catch (error) {
      hash.drop();
      await handle.close();
      throw error;
    }
  }

  /** Remembers the tag of what is about to be written, for the next run's `If-Range`. */
  async remember(etag: string | undefined): Promise<void> {
    if (this.#expected.size < resumeFrom || etag === this.etag) return;
    if (etag === undefined) await rm(`${this.#path}.etag`, { force: true });
    else await writeFile(`${this.#path}.etag`, etag);
  }

  /** Takes bytes over; what is written of them is known after `install` or `close`. */
  async append(chunk: Uint8Array): Promise<void> {
    for (let taken = 0; taken < chunk.length; ) {
      const block = this.#blocks[this.#filling & 1] as Buffer;
      const fitting = chunk.subarray(taken, taken + block.length - this.#filled);
      block.set(fitting, this.#filled);
      taken += fitting.length;
      this.#filled += fitting.length;
      if (this.#filled === block.length) await this.#flush();
    }
  }

  /** Hands the block over to be stored, once the other one is. */
  async #flush(): Promise<void> {
    const bytes = (this.#blocks[this.#filling & 1] as Buffer).subarray(0, this.#filled);
    this.#filling += 1;
    this.#filled = 0;
    await this.#storing;
    if (bytes.length === 0) return;
    this.#storing = this.#store(bytes);
    this.#storing.catch(() => undefined); // Awaited by the next flush; until then a failure must not count as unhandled.
  }

  async #store(bytes: Buffer): Promise<void> {
    const hashed = this.#hash.add(bytes);
    hashed.catch(() => undefined);
    for (let written = 0; written < bytes.length; ) {
      const { bytesWritten } = await this.#handle.write(bytes, written, bytes.length - written, this.#offset);
      written += bytesWritten;
      this.#offset += bytesWritten;
    }
    await hashed;
  }

  /**
   * Puts the file in its place in one step, if it is proven.
   * @throws DigestMismatch; then the partial file is gone and what was at `target` is untouched.
   */
  async install(target: string): Promise<void> {
    await this.#flush();
    await this.#storing;
    const actual = (await this.#hash.digest()).hex;
    if (this.#offset !== this.#expected.size || actual !== this.#expected.sha256) {
      await this.discard();
      throw new DigestMismatch(`the mirror sent other bytes: expected sha256 ${this.#expected.sha256}, got ${actual}`, {
        evidence: { expected: this.#expected.sha256, actual },
      });
    }
    await this.#handle.sync();
    await rename(this.#path, target);
    await rm(`${this.#path}.etag`, { force: true });
    await syncFolder(dirname(target));
  }

  /** Removes what was written. */
  async discard(): Promise<void> {
    await rm(this.#path, { force: true });
    await rm(`${this.#path}.etag`, { force: true });
  }

  /** Lets go of the file; what arrived stays for the next run. */
  async close(): Promise<void> {
    try {
      await this.#flush();
      await this.#storing;
    } catch {
      // A full disk, say: the error that ended the download is on its way already, and the rest is fetched again.
    } finally {
      this.#hash.drop();
      await this.#handle.close();
    }
  }
}

/** Memory that the hashing thread reads without a copy. */
function sharedBlock(size: number): Buffer {
  return Buffer.from(new SharedArrayBuffer(Math.max(1, size)));
}

/** The rename survives a power cut. Windows cannot open folders; there the file system's journal has to do. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === 'win32') return;
  const handle = await open(folder, constants.O_RDONLY);
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}
