import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Refused } from '../errors.ts';
import { foldName } from './directory-keys.ts';
import { isMissing } from './file-errors.ts';

/** Folders whose names are kept in memory at a time. */
const folders = 256;

interface Entry {
  readonly name: string;
  /** Writers that are about to make this name. */
  claims: number;
}

/**
 * Refuses a name that differs from an existing sibling only by case or by Unicode composition: on another
 * file system the two would be one file, so such a mirror could not be copied. Each folder is read once.
 */
export class FoldedNames {
  readonly #folders = new Map<string, Promise<Map<string, Entry>>>();

  /**
   * Claims `name` in `folder` until the returned function is called.
   * @throws Refused (`names-collide`).
   */
  async claim(folder: string, name: string, key: string): Promise<() => void> {
    const names = await this.#names(folder);
    const fold = foldName(name);
    let entry = names.get(fold);
    if (entry !== undefined && entry.name !== name) {
      if (entry.claims > 0 || (await exists(join(folder, entry.name)))) {
        const message = `${key}: ${JSON.stringify(name)} and ${JSON.stringify(entry.name)} would be one name on some file systems`;
        throw new Refused('names-collide', message, { evidence: { key, name, existing: entry.name } });
      }
      entry = undefined;
    }
    const claimed = entry ?? { name, claims: 0 };
    claimed.claims += 1;
    names.set(fold, claimed);
    return () => {
      claimed.claims -= 1;
    };
  }

  #names(folder: string): Promise<Map<string, Entry>> {
    let names = this.#folders.get(folder);
    if (names === undefined) {
      names = load(folder);
      this.#folders.set(folder, names);
      names.catch(() => this.#folders.delete(folder));
      const [oldest] = this.#folders.keys();
      if (this.#folders.size > folders && oldest !== undefined) this.#folders.delete(oldest);
    }
    return names;
  }
}

async function load(folder: string): Promise<Map<string, Entry>> {
  try {
    return new Map((await readdir(folder)).map((name) => [foldName(name), { name, claims: 0 }]));
  } catch (error) {
    if (isMissing(error)) return new Map();
    throw error;
  }
}

async function exists(path: string): Promise<boolean> {
  try {
    await lstat(path);
    return true;
  } catch (error) {
    if (isMissing(error)) return false;
    throw error;
  }
}
