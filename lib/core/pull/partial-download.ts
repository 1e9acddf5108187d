import { constants } from 'node:fs';
import { type FileHandle, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { HashPool } from '../digest/hash-pool.ts';
import { DigestMismatch } from '../errors.ts';
import { openPacedHash, type PacedHash } from '../mirror/paced-hash.ts';
import { type ExpectedBytes, readHandle } from './local-file.ts';

/** Below this many bytes a download starts over rather than being continued: remembering its tag would cost more. */
const resumeFrom = 1024 * 1024;

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

  async append(chunk: Uint8Array): Promise<void> {
    const hashed = this.#hash.add(chunk);
    hashed.catch(() => undefined);
    for (let written = 0; written < chunk.length; ) {
      const { bytesWritten } = await this.#handle.write(chunk, written, chunk.length - written, this.#offset);
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

  /** Lets go of the file; what was written stays for the next run. */
  async close(): Promise<void> {
    this.#hash.drop();
    await this.#handle.close();
  }
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
