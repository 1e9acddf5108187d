import { link, lstat, open, rename } from 'node:fs/promises';
import { dirname } from 'node:path';
import { errorCode, isMissing } from './file-errors.ts';
import type { KernelLock } from './kernel-lock.ts';
import type { MirrorDirectory, Place } from './mirror-directory.ts';
import { removeIfThere } from './scratch-files.ts';

/** What `link` answers where a file system has no hard links, or the kernel forbids them. */
const noHardLinks = new Set(['EPERM', 'ENOTSUP', 'EOPNOTSUPP', 'ENOSYS', 'EMLINK']);

/** Gives finished files their final names, and remembers what must be synced for the names to last. */
export class FilePublisher {
  readonly #directory: MirrorDirectory;
  readonly #lock: KernelLock;
  #hardLinks: boolean;
  #syncing: Promise<void> = Promise.resolve();

  constructor(directory: MirrorDirectory, lock: KernelLock, hardLinks: boolean) {
    this.#directory = directory;
    this.#lock = lock;
    this.#hardLinks = hardLinks;
  }

  /**
   * Moves a finished, synced file to its place in one atomic step that never replaces anything.
   * @returns False where the name is taken. The temporary file is gone in both cases.
   * @throws Refused (`names-collide`).
   */
  async publish(temporary: string, place: Place): Promise<boolean> {
    for (let attempt = 1; ; attempt += 1) {
      const done = await this.#directory.makeRoom(place);
      try {
        const published = await this.#place(temporary, place);
        this.#directory.unsynced.add(place.folder);
        await removeIfThere(temporary);
        return published;
      } catch (error) {
        // Somebody removed an empty folder that was there a moment ago.
        if (errorCode(error) !== 'ENOENT' || attempt > 1) throw error;
        this.#directory.forget();
      } finally {
        done();
      }
    }
  }

  /** Makes every name published or met so far durable, with the folders that lead to it. */
  async sync(): Promise<void> {
    this.#syncing = this.#syncing.catch(() => undefined).then(() => this.#syncFolders());
    await this.#syncing;
  }

  async #place(temporary: string, place: Place): Promise<boolean> {
    if (this.#hardLinks) {
      try {
        await link(temporary, place.path);
        return true;
      } catch (error) {
        const code = errorCode(error);
        if (code === 'EEXIST') return false;
        if (code === undefined || !noHardLinks.has(code)) throw error;
        this.#hardLinks = false;
      }
    }
    // A rename would replace; under the lock that every writer without hard links takes, it cannot.
    return await this.#lock.run(async () => {
      if (await isTaken(place.path)) return false;
      await rename(temporary, place.path);
      return true;
    });
  }

  async #syncFolders(): Promise<void> {
    const { root, unsynced } = this.#directory;
    const folders = new Set<string>();
    for (const folder of unsynced) for (const each of withAncestors(folder, root)) folders.add(each);
    unsynced.clear();
    const all = [...folders];
    try {
      for (let next = 0; next < all.length; next += 16) {
        await Promise.all(all.slice(next, next + 16).map(syncFolder));
      }
    } catch (error) {
      for (const folder of all) unsynced.add(folder);
      throw error;
    }
  }
}

/** A folder, those above it up to the root of the mirror, and the one that holds that. */
function* withAncestors(folder: string, root: string): Generator<string> {
  for (let at = folder; at.length >= root.length; at = dirname(at)) {
    yield at;
    if (at === root) yield dirname(root);
    if (at === dirname(at)) return;
  }
}

/** Makes the entries of a folder durable. A folder that is gone needs nothing. */
export async function syncFolder(path: string): Promise<void> {
  // Windows has no such operation; it journals names by itself.
  if (process.platform === 'win32') return;
  try {
    const folder = await open(path, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  } catch (error) {
    // EINVAL: the file system does not know how (some FUSE and network ones). EACCES: a folder above that
    // may be passed but not read; nothing of ours is made there without the right to read what was made.
    if (!isMissing(error) && errorCode(error) !== 'EINVAL' && errorCode(error) !== 'EACCES') throw error;
  }
}

async function isTaken(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
