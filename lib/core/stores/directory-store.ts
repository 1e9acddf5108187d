import { constants } from 'node:fs';
import { copyFile, lstat, mkdir, rename, statfs } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { type Clock, systemClock } from '../clock.ts';
import { NotFound } from '../errors.ts';
import { listFiles, listForeign } from './directory-listing.ts';
import { DirectoryUploads } from './directory-uploads.ts';
import { explained, explainedStream, isMissing } from './file-errors.ts';
import { FilePublisher, syncFolder } from './file-publisher.ts';
import { readFileRange } from './file-reader.ts';
import { KernelLock } from './kernel-lock.ts';
import { MirrorDirectory } from './mirror-directory.ts';
import { RequestCounter } from './request-counter.ts';
import { removeIfThere, scratchName, sweepScratch } from './scratch-files.ts';
import {
  type CapacityLimited,
  changedMeanwhile,
  type ForeignEntry,
  type Inspectable,
  type Local,
  type ObjectStat,
  type PendingUpload,
  type PutCondition,
  type PutResult,
  type ReadOptions,
  type Store,
  type StoredObject,
  StoreError,
  type StoreLimits,
  type Syncable,
  tooLarge,
  type Upload,
  type UploadRequest,
} from './store.ts';
import { outdate, settle, writeAside } from './written-file.ts';

const partBytes = 8 * 1024 * 1024;

const limits: StoreLimits = { maxObject: Number.MAX_SAFE_INTEGER, singlePut: partBytes, partSize: () => partBytes };

export interface DirectoryStoreOptions {
  /** As the user wrote it (`file:./mirror`). */
  readonly url: string;
  /** Absolute path of the folder; made by the first write. */
  readonly root: string;
  readonly clock?: Clock;
  /** False for a file system that has no hard links; found out by itself where it says so. */
  readonly hardLinks?: boolean;
}

/**
 * A mirror in a folder: one file per key, nothing else in the tree but `.weighbridge/`, which after success
 * holds only the lock. An object is written aside, synced, and linked to its name, so that it appears whole
 * or not at all and never replaces another. The tag is `{size}-{mtime in ns}`; metadata and checksums are not kept.
 */
export class DirectoryStore implements Store, CapacityLimited, Syncable, Inspectable, Local {
  readonly url: string;
  readonly kind = 'directory';
  readonly limits = limits;
  readonly #directory: MirrorDirectory;
  readonly #clock: Clock;
  readonly #lock: KernelLock;
  readonly #publisher: FilePublisher;
  readonly #uploads: DirectoryUploads;
  readonly #counter = new RequestCounter();
  #prepared: Promise<void> | undefined;

  constructor(options: DirectoryStoreOptions) {
    this.url = options.url;
    this.#clock = options.clock ?? systemClock;
    this.#directory = new MirrorDirectory(options.root);
    this.#lock = new KernelLock(join(this.#directory.working, 'lock.sqlite'), this.#clock);
    this.#publisher = new FilePublisher(this.#directory, this.#lock, options.hardLinks ?? true);
    this.#uploads = new DirectoryUploads(this.#directory.working, this.#clock, {
      count: (kind) => this.#counter.add(kind),
      publish: (temporary, key) => this.#publisher.publish(temporary, this.#directory.place(key)),
      find: (key) => this.#standing(key),
      exclusively: (work) => this.#lock.run(work),
    });
  }

  get place(): string {
    return this.#directory.root;
  }

  get requests() {
    return this.#counter.counts;
  }

  async head(key: string): Promise<ObjectStat | undefined> {
    this.#counter.add('head');
    return await explained(`looking at ${key}`, key, () => this.#directory.find(key));
  }

  async get(key: string, limit: number): Promise<StoredObject | undefined> {
    this.#counter.add('get');
    return await explained(`reading ${key}`, key, async () => {
      const found = await this.#directory.open(key);
      if (found === undefined) return undefined;
      const { file, stat } = found;
      if (stat.size > limit) {
        await file.close();
        throw tooLarge(key, this.url, limit);
      }
      const chunks: Uint8Array[] = [];
      for await (const chunk of readFileRange(file, { start: 0, end: stat.size }, key)) chunks.push(chunk);
      return { stat, bytes: Buffer.concat(chunks, stat.size) };
    });
  }

  async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    this.#counter.add('get');
    options.signal?.throwIfAborted();
    const found = await explained(`reading ${key}`, key, () => this.#directory.open(key));
    if (found === undefined) throw new NotFound(`${key} is not in ${this.url}`, { evidence: { key } });
    const { file, stat } = found;
    const range = options.range ?? { start: 0, end: stat.size };
    const problem = readProblem(stat, options);
    if (problem !== undefined) {
      await file.close();
      throw problem;
    }
    yield* readFileRange(file, range, key, options);
  }

  async *list(prefix: string): AsyncGenerator<ObjectStat> {
    this.#counter.add('list');
    yield* explainedStream('listing the mirror', prefix, listFiles(this.#directory, prefix));
  }

  async *foreign(prefix: string): AsyncGenerator<ForeignEntry> {
    yield* explainedStream('listing the mirror', prefix, listForeign(this.#directory, prefix));
  }

  async put(key: string, bytes: Uint8Array, condition: PutCondition): Promise<PutResult> {
    this.#counter.add('put');
    return await explained(`writing ${key}`, key, async () => {
      await this.#prepare();
      return 'ifAbsent' in condition ? await this.#create(key, bytes) : await this.#swap(key, bytes, condition.ifMatch);
    });
  }

  async beginUpload(key: string, request: UploadRequest): Promise<Upload> {
    return await explained(`beginning ${key}`, key, async () => {
      await this.#prepare();
      // Refuses impossible names before a byte is transferred.
      const place = this.#directory.place(key);
      (await this.#directory.makeRoom(place))();
      return await this.#uploads.begin(key, request, limits.partSize(request.size));
    });
  }

  async resumeUpload(key: string, id: string, request: UploadRequest): Promise<Upload | undefined> {
    return await explained(`resuming ${key}`, key, () => this.#uploads.resume(key, id, request));
  }

  /**
   * Clones the blocks where the file system can, and copies them in the kernel otherwise. Never a second
   * name for the same file: damage to one object would then be damage to all of them.
   */
  async copyWithin(from: ObjectStat, toKey: string): Promise<PutResult> {
    this.#counter.add('copy');
    return await explained(`copying ${from.key} to ${toKey}`, toKey, async () => {
      await this.#prepare();
      const temporary = this.#aside();
      try {
        await this.#mustBe(from);
        await copyFile(
          this.#directory.place(from.key).path,
          temporary,
          constants.COPYFILE_FICLONE | constants.COPYFILE_EXCL,
        );
        await this.#mustBe(from);
        return await this.#publish(toKey, temporary, await settle(temporary, toKey, from.size));
      } catch (error) {
        await removeIfThere(temporary);
        throw error;
      }
    });
  }

  uploads(prefix: string): AsyncGenerator<PendingUpload> {
    this.#counter.add('list');
    return explainedStream('listing unfinished uploads', prefix, this.#uploads.pending(prefix));
  }

  async sync(): Promise<void> {
    await explained('syncing the mirror', '', () => this.#publisher.sync());
  }

  async freeBytes(): Promise<number> {
    for (let folder = this.#directory.root; ; folder = dirname(folder)) {
      try {
        const { bavail, bsize } = await statfs(folder, { bigint: true });
        return Number(bavail * bsize);
      } catch (error) {
        if (!isMissing(error) || folder === dirname(folder))
          await explained('asking for free space', '', () => Promise.reject(error));
      }
    }
  }

  async #create(key: string, bytes: Uint8Array): Promise<PutResult> {
    const temporary = this.#aside();
    return await this.#publish(key, temporary, await writeAside(temporary, bytes, key));
  }

  async #publish(key: string, temporary: string, written: ObjectStat): Promise<PutResult> {
    try {
      const created = await this.#publisher.publish(temporary, this.#directory.place(key));
      return created ? { outcome: 'created', stat: written } : { outcome: 'exists', stat: await this.#standing(key) };
    } catch (error) {
      await removeIfThere(temporary);
      throw error;
    }
  }

  async #swap(key: string, bytes: Uint8Array, tag: string): Promise<PutResult> {
    const early = await this.#standing(key);
    if (early?.etag !== tag) return { outcome: 'exists', stat: early };
    const temporary = this.#aside();
    const { path, folder } = this.#directory.place(key);
    await writeAside(temporary, bytes, key);
    try {
      return await this.#lock.run(async () => {
        const current = await this.#standing(key);
        if (current?.etag !== tag) return { outcome: 'exists', stat: current };
        const stat = await outdate(temporary, path, key);
        await rename(temporary, path);
        await syncFolder(folder);
        return { outcome: 'created', stat };
      });
    } finally {
      await removeIfThere(temporary);
    }
  }

  /** What is at a key; a folder, a link or the like there is an error, not an absence that could be filled. */
  async #standing(key: string): Promise<ObjectStat | undefined> {
    const stat = await this.#directory.find(key);
    const obstacle = stat === undefined ? await this.#directory.obstacle(this.#directory.place(key)) : undefined;
    if (obstacle !== undefined) throw obstacle;
    return stat;
  }

  async #mustBe(stat: ObjectStat): Promise<void> {
    const current = await this.#directory.find(stat.key);
    if (current === undefined) throw new NotFound(`${stat.key} is not in ${this.url}`, { evidence: { key: stat.key } });
    if (current.etag !== stat.etag) throw changedMeanwhile(stat.key);
  }

  #aside(): string {
    return join(this.#directory.working, scratchName());
  }

  /** Makes the root and the store's own folder, and clears what crashed processes left there. */
  async #prepare(): Promise<void> {
    this.#prepared ??= this.#makeWorkingFolder();
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }

  async #makeWorkingFolder(): Promise<void> {
    const { root, working } = this.#directory;
    await mkdir(root, { recursive: true });
    await mkdir(working, { recursive: true, mode: 0o700 });
    if (!(await lstat(working)).isDirectory()) throw new StoreError('.weighbridge in the mirror is not a folder');
    await sweepScratch(working, this.#clock.now());
    await this.#uploads.sweep();
  }
}

function readProblem(stat: ObjectStat, { etag, range }: ReadOptions): StoreError | undefined {
  if (etag !== undefined && etag !== stat.etag) return changedMeanwhile(stat.key);
  if (range !== undefined && (range.start < 0 || range.start > range.end || range.end > stat.size)) {
    return new StoreError(`${stat.key} has ${stat.size} bytes, not the range ${range.start} to ${range.end}`);
  }
  return undefined;
}
