import { createHash } from 'node:crypto';
import { mkdir, open, readdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Clock } from '../clock.ts';
import { explained, isMissing } from '../stores/file-errors.ts';
import { KernelLock } from '../stores/kernel-lock.ts';
import { removeIfThere, scratchName, sweepScratch } from '../stores/scratch-files.ts';
import { checkDocumentName } from './document-name.ts';
import type { StateCondition, StateDocument, StateStore } from './state-store.ts';

const lockName = 'lock.sqlite';

export interface DirectoryStateOptions {
  /** As the user wrote it. */
  readonly location: string;
  /** Absolute path; made by the first write. What is made there is closed to other users. */
  readonly root: string;
  /** Instead of the file system's own clock, which all machines that share the folder have in common. */
  readonly clock?: Clock;
}

/**
 * Working state in a private folder. Documents are replaced whole, by rename and under a lock, and not
 * synced: they may be lost with the power, but are never half written. The tag is a digest of the text.
 */
export class DirectoryState implements StateStore {
  readonly location: string;
  readonly shared = false;
  readonly #root: string;
  readonly #clock: Clock | undefined;
  readonly #lock: KernelLock;
  #prepared: Promise<void> | undefined;

  constructor(options: DirectoryStateOptions) {
    this.location = options.location;
    this.#root = options.root;
    this.#clock = options.clock;
    this.#lock = new KernelLock(join(this.#root, lockName));
  }

  async now(): Promise<Date> {
    if (this.#clock !== undefined) return this.#clock.now();
    return await explained('reading the clock of the state folder', '', async () => {
      await this.#prepare();
      const path = join(this.#root, scratchName());
      const file = await open(path, 'wx', 0o600);
      try {
        return (await file.stat()).mtime;
      } finally {
        await file.close();
        await removeIfThere(path);
      }
    });
  }

  async read(name: string): Promise<StateDocument | undefined> {
    return await explained(`reading ${name}`, name, () => this.#current(name));
  }

  async write(name: string, text: string, condition: StateCondition): Promise<string | undefined> {
    return await explained(`writing ${name}`, name, async () => {
      const path = this.#path(name);
      await this.#prepare();
      return await this.#lock.run(async () => {
        const tag = (await this.#current(name))?.tag;
        const holds = 'ifAbsent' in condition ? tag === undefined : tag === condition.ifMatch;
        if (!holds) return undefined;
        await mkdir(dirname(path), { recursive: true, mode: 0o700 });
        const temporary = join(this.#root, scratchName());
        try {
          await writeFile(temporary, text, { flag: 'wx', mode: 0o600 });
          await rename(temporary, path);
        } catch (error) {
          await removeIfThere(temporary);
          throw error;
        }
        return tagOf(text);
      });
    });
  }

  async remove(name: string, ifMatch?: string): Promise<boolean> {
    return await explained(`removing ${name}`, name, async () => {
      const path = this.#path(name);
      if ((await this.#current(name)) === undefined) return true;
      await this.#prepare();
      return await this.#lock.run(async () => {
        const tag = (await this.#current(name))?.tag;
        if (tag !== undefined && ifMatch !== undefined && tag !== ifMatch) return false;
        await removeIfThere(path);
        return true;
      });
    });
  }

  async list(prefix: string): Promise<readonly string[]> {
    return await explained('listing the state folder', prefix, async () => {
      try {
        const entries = await readdir(this.#root, { withFileTypes: true, recursive: true });
        return entries
          .filter((entry) => entry.isFile())
          .map((entry) =>
            join(entry.parentPath, entry.name)
              .slice(this.#root.length + 1)
              .replaceAll('\\', '/'),
          )
          .filter((name) => name.startsWith(prefix) && name !== lockName && !name.startsWith('tmp-'))
          .sort();
      } catch (error) {
        if (isMissing(error)) return [];
        throw error;
      }
    });
  }

  async #current(name: string): Promise<StateDocument | undefined> {
    try {
      const text = await readFile(this.#path(name), 'utf8');
      return { text, tag: tagOf(text) };
    } catch (error) {
      if (isMissing(error)) return undefined;
      throw error;
    }
  }

  /** @throws RangeError: names are made by this program, so a wrong one is a mistake in it. */
  #path(name: string): string {
    checkDocumentName(name);
    if (name === lockName || name.startsWith('tmp-')) {
      throw new RangeError(`not a name of a state document: ${JSON.stringify(name)}`);
    }
    return join(this.#root, ...name.split('/'));
  }

  async #prepare(): Promise<void> {
    this.#prepared ??= (async () => {
      await mkdir(this.#root, { recursive: true, mode: 0o700 });
      await sweepScratch(this.#root, new Date());
    })();
    try {
      await this.#prepared;
    } catch (error) {
      this.#prepared = undefined;
      throw error;
    }
  }
}

function tagOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}
