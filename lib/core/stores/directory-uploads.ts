import { open, writeFile } from 'node:fs/promises';
import { ulid } from 'ulid';
import type { Clock } from '../clock.ts';
import { Crc32c } from '../digest/crc32c.ts';
import { processIdentity } from '../state/process-identity.ts';
import { DirectoryUpload, type DirectoryUploadOptions } from './directory-upload.ts';
import { explained } from './file-errors.ts';
import { readFileRange } from './file-reader.ts';
import { KernelLock } from './kernel-lock.ts';
import { type PartReceipt, type PendingUpload, StoreError, type UploadRequest } from './store.ts';
import { UploadFiles, type UploadRecord } from './upload-files.ts';

type Hooks = Pick<DirectoryUploadOptions, 'count' | 'publish' | 'find'> & {
  /** Runs `work` while no other process does the same. */
  readonly exclusively: <T>(work: () => Promise<T>) => Promise<T>;
};

/**
 * Uploads that this process holds, by data file. Locks belong to the process, so a second handle on the
 * same upload here must take over from the first instead of waiting for it.
 */
const held = new Map<string, DirectoryUpload>();

/**
 * The unfinished uploads of a directory store. Each is locked by the process that works on it: a process
 * that was stopped and wakes up can therefore never write into a file that somebody else has completed.
 */
export class DirectoryUploads {
  readonly #folder: string;
  readonly #clock: Clock;
  readonly #hooks: Hooks;

  constructor(folder: string, clock: Clock, hooks: Hooks) {
    this.#folder = folder;
    this.#clock = clock;
    this.#hooks = hooks;
  }

  async begin(key: string, request: UploadRequest, partSize: number): Promise<DirectoryUpload> {
    const now = this.#clock.now();
    const files = new UploadFiles(this.#folder, ulid(now.getTime()));
    const lock = new KernelLock(files.lock);
    // A sweep must not meet the file between its making and its locking: it would take it for what a crash left.
    const taken = await this.#hooks.exclusively(async () => lock.tryAcquire());
    if (!taken) throw new StoreError('the lock of a new upload is taken', { retryable: true });
    const header = { format: 1 as const, key, size: request.size, partSize, startedAt: now.toISOString() };
    try {
      await writeFile(files.journal, JSON.stringify(header), { flag: 'wx', mode: 0o600 });
      await files.append({ host: processIdentity().host });
      const data = await open(files.data, 'wx');
      try {
        await data.truncate(request.size);
      } finally {
        await data.close();
      }
    } catch (error) {
      await files.remove();
      lock.release();
      throw error;
    }
    return this.#hold({ files, header, request, lock, written: new Map() });
  }

  /** Undefined when the upload is gone, does not fit, or another process works on it. */
  async resume(key: string, id: string, request: UploadRequest): Promise<DirectoryUpload | undefined> {
    const files = UploadFiles.parse(this.#folder, id);
    if (files === undefined || (await files.record()) === undefined) return undefined;
    await held.get(files.data)?.detach();
    const lock = new KernelLock(files.lock);
    if (!lock.tryAcquire()) return undefined;
    try {
      // Read again: until now another process may have been writing.
      const record = await files.record();
      const fits = record !== undefined && record.header.key === key && record.header.size === request.size;
      if (fits && (await files.state(request.size)) === 'open') {
        const written = await provenParts(files, record);
        await files.append({ host: processIdentity().host });
        return this.#hold({ files, header: record.header, request, lock, written });
      }
      if (record === undefined || (await files.state(record.header.size)) !== 'open') await files.remove();
    } catch (error) {
      lock.release();
      throw error;
    }
    lock.release();
    return undefined;
  }

  async *pending(prefix: string): AsyncGenerator<PendingUpload> {
    for (const files of await UploadFiles.all(this.#folder)) {
      const record = await files.record();
      if (record?.header.key.startsWith(prefix) !== true) continue;
      if ((await files.state(record.header.size)) !== 'open') continue;
      const { key, startedAt } = record.header;
      yield { key, id: files.id, startedAt: new Date(startedAt), abort: () => this.#abort(files) };
    }
  }

  /** Removes what crashes left of uploads that can no longer be continued. */
  async sweep(): Promise<void> {
    for (const files of await UploadFiles.all(this.#folder)) {
      if (held.has(files.data)) continue;
      const record = await files.record();
      if (record !== undefined && (await files.state(record.header.size)) === 'open') continue;
      await this.#hooks.exclusively(async () => {
        const lock = new KernelLock(files.lock);
        if (!lock.tryAcquire()) return;
        await files.remove();
        lock.release();
      });
    }
  }

  async #abort(files: UploadFiles): Promise<void> {
    this.#hooks.count('abort');
    await held.get(files.data)?.detach();
    await explained('removing an unfinished upload', files.id, () => files.remove());
  }

  #hold(options: Pick<DirectoryUploadOptions, 'files' | 'header' | 'request' | 'lock' | 'written'>): DirectoryUpload {
    const path = options.files.data;
    const upload = new DirectoryUpload({
      ...options,
      ...this.#hooks,
      onEnd: () => {
        if (held.get(path) === upload) held.delete(path);
      },
    });
    held.set(path, upload);
    return upload;
  }
}

/**
 * The parts that may be built upon. After a killed process the kernel still has all it wrote; after a power
 * cut, or on another machine, each part is read again and must have its checksum.
 */
async function provenParts(files: UploadFiles, record: UploadRecord): Promise<Map<number, PartReceipt>> {
  const parts = new Map(record.parts);
  const here = processIdentity().host;
  if ([...record.hosts].every((host) => host === here)) return parts;
  for (const part of record.parts.values()) {
    const start = (part.number - 1) * record.header.partSize;
    let actual = Crc32c.empty;
    for await (const bytes of readFileRange(
      await open(files.data, 'r'),
      { start, end: start + part.size },
      record.header.key,
      { transient: true },
    )) {
      actual = actual.concat(Crc32c.ofBytes(bytes));
    }
    if (actual.base64 !== part.crc32c) parts.delete(part.number);
  }
  return parts;
}
