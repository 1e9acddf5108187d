import { privateFolder } from '../../contract/keys.ts';
import { StoreError } from './store.ts';

/** What a file system that ignores case or composes characters makes of a name: equal folds, one file. */
export function foldName(name: string): string {
  return name.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

/**
 * Cuts a key into the names of folders and file. Keys were validated before; this is the last defence of
 * everything outside the mirror, and of the store's own private folder.
 * @throws StoreError for a key that is not a plain path below the root.
 */
export function keySegments(key: string): readonly string[] {
  const segments = key.split('/');
  for (const segment of segments) {
    const wrong = segment === '' || segment === '.' || segment === '..' || segment.includes('\0');
    if (wrong || (process.platform === 'win32' && /[\\:]/.test(segment)) || !segment.isWellFormed()) {
      throw new StoreError(`not a key that a directory can hold: ${JSON.stringify(key)}`, { evidence: { key } });
    }
  }
  if (foldName(segments[0] as string) === privateFolder) {
    throw new StoreError(`${privateFolder} is the store's own folder: ${JSON.stringify(key)}`, { evidence: { key } });
  }
  return segments;
}
