import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DirectoryStore, type DirectoryStoreOptions } from '../../../lib/core/stores/directory-store.ts';
import type { StorePlace } from '../../conformance/store-place.ts';

export interface DirectoryPlace extends StorePlace {
  readonly root: string;
  open(): DirectoryStore;
}

/** A directory store on a fresh folder. */
export async function directoryPlace(options: Partial<DirectoryStoreOptions> = {}): Promise<DirectoryPlace> {
  const folder = await mkdtemp(join(tmpdir(), 'weighbridge-store-'));
  const root = join(folder, 'mirror');
  return {
    root,
    open: () => new DirectoryStore({ url: 'file:./mirror', root, ...options }),
    leftovers: () => workingFiles(root),
    close: () => rm(folder, { recursive: true, force: true }),
  };
}

/** What is in the store's own folder beside the lock. */
export async function workingFiles(root: string): Promise<readonly string[]> {
  const names = await readdir(join(root, '.weighbridge')).catch(() => []);
  return names.filter((name) => name !== 'lock.sqlite');
}
