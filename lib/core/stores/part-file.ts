import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { errorCode } from './file-errors.ts';

/** What direct writing demands of position, length and address in memory; a multiple of every common block size. */
const alignment = 4096;

/** What a file system answers that does not write directly, or not from this address. */
const notDirectly = new Set(['EINVAL', 'ENOTSUP', 'EOPNOTSUPP']);

/**
 * The file that parts of an upload are written into. Where the system can (Linux), bytes go straight from the
 * caller's memory to the disk: for large files the page cache costs more than hashing them (2.4 s of processor
 * time a GiB on a small virtual machine, against 0.2 s), displaces what other programs keep there, and leaves all
 * of the writing to the sync at the end.
 */
export class PartFile {
  readonly #path: string;
  #direct = constants.O_DIRECT !== undefined;

  /** @param path An existing file. */
  constructor(path: string) {
    this.#path = path;
  }

  /**
   * Writes all bytes at a position. They may be in shared memory and must not change until it is done.
   * @returns How many of them only the page cache has; a sync is needed either way.
   */
  async write(bytes: Uint8Array, position: number): Promise<number> {
    const done = await this.#writeDirectly(bytes, position);
    const rest = bytes.subarray(done);
    if (rest.byteLength > 0) await this.#within('r+', (file) => writeAll(file, rest, position + done));
    return rest.byteLength;
  }

  /** Makes what was written durable. */
  async sync(): Promise<void> {
    await this.#within('r+', (file) => file.sync());
  }

  /** @returns How many bytes from the start were written: none where that is not possible, and never the odd end. */
  async #writeDirectly(bytes: Uint8Array, position: number): Promise<number> {
    const whole = bytes.byteLength - (bytes.byteLength % alignment);
    if (!this.#direct || whole === 0 || position % alignment !== 0 || bytes.byteOffset % alignment !== 0) return 0;
    let done = 0;
    try {
      await this.#within(constants.O_WRONLY | constants.O_DIRECT, async (file) => {
        while (done < whole) done += await writeSome(file, bytes.subarray(done, whole), position + done);
      });
    } catch (error) {
      if (!notDirectly.has(errorCode(error) ?? '')) throw error;
      this.#direct = false;
    }
    return done;
  }

  async #within(flags: string | number, work: (file: FileHandle) => Promise<void>): Promise<void> {
    const file = await open(this.#path, flags);
    try {
      await work(file);
    } finally {
      await file.close();
    }
  }
}

async function writeAll(file: FileHandle, bytes: Uint8Array, position: number): Promise<void> {
  for (let done = 0; done < bytes.byteLength; ) done += await writeSome(file, bytes.subarray(done), position + done);
}

async function writeSome(file: FileHandle, bytes: Uint8Array, position: number): Promise<number> {
  return (await file.write(bytes, 0, bytes.byteLength, position)).bytesWritten;
}
