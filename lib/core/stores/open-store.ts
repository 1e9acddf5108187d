import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../clock.ts';
import { UsageError } from '../errors.ts';
import { DirectoryStore } from './directory-store.ts';
import type { Store } from './store.ts';

export interface OpenStoreOptions {
  /** Absolute folder that a relative `file:DIR` starts from. */
  readonly cwd: string;
  readonly clock?: Clock;
}

/**
 * The store that a user names: `file:DIR`. Nothing is read or made yet.
 * @throws UsageError for what this version cannot write to.
 */
export async function openStore(url: string, options: OpenStoreOptions): Promise<Store> {
  if (url.startsWith('file:')) {
    return new DirectoryStore({ url, root: storeFolder(url, options.cwd), clock: options.clock ?? systemClock });
  }
  const hint = 'Name a directory as file:DIR, such as file:./mirror.';
  if (url.startsWith('s3://') || url.startsWith('gs://')) {
    throw new UsageError(`this version stages to directories only, not to ${url.slice(0, 2)}:`, { hint });
  }
  if (/^https?:/i.test(url)) {
    throw new UsageError('the address of a published mirror is for reading; a store is needed here', { hint });
  }
  throw new UsageError(`not a store: ${JSON.stringify(url)}`, { hint });
}

/** The absolute folder of `file:DIR` or `file:///DIR`. @throws UsageError */
export function storeFolder(url: string, cwd: string): string {
  const rest = url.slice('file:'.length);
  if (rest === '' || rest.includes('\0')) throw new UsageError(`${JSON.stringify(url)} names no directory`);
  if (!rest.startsWith('//')) return resolve(cwd, rest);
  try {
    return fileURLToPath(url);
  } catch {
    throw new UsageError(`${JSON.stringify(url)} names no directory of this machine`, {
      hint: 'Write file:DIR, or file:/DIR from the root.',
    });
  }
}
