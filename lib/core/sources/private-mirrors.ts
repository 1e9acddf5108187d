import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { registryKey } from '../../contract/keys.ts';

/**
 * Finds out whether a file lies in a mirror of private releases, by the registry at the mirror's root: such bytes
 * are never published publicly, however a manifest gets at them. Each folder is looked at once.
 */
export class PrivateMirrors {
  readonly #folders = new Map<string, Promise<boolean>>();

  /** @param path absolute, links resolved. */
  async hold(path: string): Promise<boolean> {
    const folder = dirname(path);
    if (folder === path) return false;
    const known = this.#folders.get(folder) ?? this.#look(folder);
    this.#folders.set(folder, known);
    return await known;
  }

  async #look(folder: string): Promise<boolean> {
    return (await isPrivateRoot(folder)) || (await this.hold(folder));
  }
}

async function isPrivateRoot(folder: string): Promise<boolean> {
  let text: string;
  try {
    text = await readFile(join(folder, registryKey), 'utf8');
  } catch {
    // None there, or none that this user may read; whoever may not read it did not stage into it.
    return false;
  }
  try {
    const { schema, access } = JSON.parse(text);
    return typeof schema === 'string' && schema.startsWith('weighbridge/registry/') && access === 'private';
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof TypeError) return false;
    throw error;
  }
}
