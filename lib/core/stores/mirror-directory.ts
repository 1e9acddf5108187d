import { type BigIntStats, constants } from 'node:fs';
import { type FileHandle, lstat, mkdir, open, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { privateFolder } from '../../contract/keys.ts';
import { Refused } from '../errors.ts';
import { keySegments } from './directory-keys.ts';
import { errorCode, isMissing } from './file-errors.ts';
import { FoldedNames } from './folded-names.ts';
import { type ObjectStat, StoreError } from './store.ts';

/** Where a key lies. */
export interface Place {
  readonly key: string;
  readonly path: string;
  readonly folder: string;
}

/** What a file's state says about the object: the tag is `{size}-{mtime in ns}`. */
export function fileStat(key: string, stat: BigIntStats): ObjectStat {
  return { key, size: Number(stat.size), etag: `${stat.size}-${stat.mtimeNs}` };
}

/**
 * The tree of a mirror on disk: finds the place of a key, makes its folders, and never follows a symbolic
 * link below the root, so that nothing outside is ever read or written.
 */
export class MirrorDirectory {
  readonly root: string;
  /** The store's own folder. */
  readonly working: string;
  /** Folders whose entries were made, or met and built upon, since the last sync. */
  readonly unsynced = new Set<string>();
  readonly #names = new FoldedNames();
  readonly #made = new Set<string>();
  #realRoot: string | undefined;

  /** @param root Absolute path; it may be a symbolic link itself, and need not exist before the first write. */
  constructor(root: string) {
    this.root = root;
    this.working = join(root, privateFolder);
  }

  place(key: string): Place {
    const path = join(this.root, ...keySegments(key));
    return { key, path, folder: dirname(path) };
  }

  /** The state of the regular file at a key, undefined for anything else. */
  async find(key: string): Promise<ObjectStat | undefined> {
    const place = this.place(key);
    if (!(await this.isPlain(place.folder))) return undefined;
    const stat = await lstatOrMissing(place.path);
    if (!stat?.isFile()) return undefined;
    // A process that died may have published it without the sync; who relies on it now must sync it too.
    this.unsynced.add(place.folder);
    return fileStat(key, stat);
  }

  /** Opens the regular file at a key for reading; undefined where there is none. */
  async open(key: string): Promise<{ readonly file: FileHandle; readonly stat: ObjectStat } | undefined> {
    const place = this.place(key);
    if (!(await this.isPlain(place.folder))) return undefined;
    let file: FileHandle;
    try {
      // Without O_NONBLOCK the opening of a named pipe would wait for its other end for ever.
      file = await open(place.path, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    } catch (error) {
      if (isMissing(error) || errorCode(error) === 'ELOOP' || errorCode(error) === 'ENXIO') return undefined;
      throw error;
    }
    const stat = await file.stat({ bigint: true });
    if (stat.isFile()) return { file, stat: fileStat(key, stat) };
    await file.close();
    return undefined;
  }

  /** Is this the real path of an existing folder, with no symbolic link below the root? */
  async isPlain(folder: string): Promise<boolean> {
    try {
      this.#realRoot ??= await realpath(this.root);
      return folder === this.root || (await realpath(folder)) === this.#realRoot + folder.slice(this.root.length);
    } catch (error) {
      if (isMissing(error) || errorCode(error) === 'ELOOP') return false;
      throw error;
    }
  }

  /** What stands in the way of a new object at `place`: undefined where there is nothing. */
  async obstacle(place: Place): Promise<Error | undefined> {
    const stat = await lstatOrMissing(place.path);
    if (stat === undefined || stat.isFile()) return undefined;
    if (stat.isDirectory()) return collision(place.key, place.key);
    return notPlain(place.key, place.key);
  }

  /**
   * Makes the folders of a key and claims its name.
   * @returns A function that ends the claim.
   * @throws Refused (`names-collide`) for a name that would fold together with another, or a file in a folder's place.
   */
  async makeRoom(place: Place): Promise<() => void> {
    const segments = keySegments(place.key);
    let folder = this.root;
    for (const [index, segment] of segments.slice(0, -1).entries()) {
      const next = join(folder, segment);
      if (!this.#made.has(next)) {
        const done = await this.#names.claim(folder, segment, place.key);
        try {
          await this.#makeFolder(next, segments.slice(0, index + 1).join('/'), place.key);
        } finally {
          done();
        }
      }
      folder = next;
    }
    return await this.#names.claim(folder, segments.at(-1) as string, place.key);
  }

  /** Forgets which folders exist: somebody removed one. */
  forget(): void {
    this.#made.clear();
  }

  async #makeFolder(path: string, at: string, key: string): Promise<void> {
    if (!(await makeIfAbsent(path))) {
      const stat = await lstat(path);
      if (stat.isFile()) throw collision(key, at);
      if (!stat.isDirectory()) throw notPlain(key, at);
    }
    this.#made.add(path);
  }
}

async function makeIfAbsent(path: string): Promise<boolean> {
  try {
    await mkdir(path);
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}

async function lstatOrMissing(path: string): Promise<BigIntStats | undefined> {
  try {
    return await lstat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

function collision(key: string, at: string): Refused {
  const message = `writing ${key}: ${at} would have to be a file and a folder at once`;
  return new Refused('names-collide', message, { evidence: { key, at } });
}

function notPlain(key: string, at: string): StoreError {
  return new StoreError(`writing ${key}: ${at} is neither a file nor a folder, and is not followed`, {
    evidence: { key, at },
    hint: 'Look at what it is, and remove it if it does not belong into the mirror.',
  });
}
