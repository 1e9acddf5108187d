import { createHash } from 'node:crypto';
import type { ObjectStat, Store } from '../../stores/store.ts';

/** Files that were looked through; a mirror of one machine has not many more. */
const remembered = 10_000;

/**
 * Tells copies of signed files from others by reading them: a folder that was copied has the same files, under tags of
 * its own. Each state of a file is read once, however many ask.
 */
export class CopiedFiles {
  readonly #store: Pick<Store, 'read'>;
  readonly #digests = new Map<string, Promise<string>>();

  constructor(store: Pick<Store, 'read'>) {
    this.#store = store;
  }

  /** Has the file, as it is now, this digest? @param sha256 lowercase hex. @throws what reading the store throws */
  async holds(stat: Pick<ObjectStat, 'key' | 'etag'>, sha256: string): Promise<boolean> {
    const state = JSON.stringify([stat.key, stat.etag]);
    let digest = this.#digests.get(state);
    if (digest === undefined) {
      digest = this.#digest(stat);
      this.#digests.set(state, digest);
      digest.catch(() => this.#digests.delete(state));
      for (const oldest of this.#digests.keys()) {
        if (this.#digests.size <= remembered) break;
        this.#digests.delete(oldest);
      }
    }
    return (await digest) === sha256;
  }

  async #digest({ key, etag }: Pick<ObjectStat, 'key' | 'etag'>): Promise<string> {
    const hash = createHash('sha256');
    for await (const chunk of this.#store.read(key, { etag, transient: true })) hash.update(chunk);
    return hash.digest('hex');
  }
}
