import { resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Clock, systemClock } from '../clock.ts';
import { UsageError } from '../errors.ts';
import type { BucketAccess } from './bucket-access.ts';
import { parseBucketUrl } from './bucket-url.ts';
import { DirectoryStore } from './directory-store.ts';
import type { Store } from './store.ts';

export interface OpenStoreOptions {
  /** Absolute folder that a relative `file:DIR` starts from. */
  readonly cwd: string;
  readonly clock?: Clock;
  /** How buckets are reached; without it there are none. */
  readonly buckets?: BucketAccess;
  /** Bytes of a part of large uploads to a bucket, where the object's size does not need more. */
  readonly partSize?: number | undefined;
}

/**
 * The store that a user names: `file:DIR`, `s3://bucket[/prefix]` or `gs://bucket[/prefix]`. Nothing is read or made yet.
 * @throws UsageError for what is no store; NotAuthorised where the credentials that are named are not there.
 */
export async function openStore(url: string, options: OpenStoreOptions): Promise<Store> {
  if (url.startsWith('file:')) {
    return new DirectoryStore({ url, root: storeFolder(url, options.cwd), clock: options.clock ?? systemClock });
  }
  const place = parseBucketUrl(url);
  const hint = 'Name a directory as file:DIR, such as file:./mirror, or a bucket as s3://bucket or gs://bucket.';
  if (place !== undefined) {
    if (options.buckets === undefined) throw new UsageError(`buckets cannot be used here: ${url}`);
    const { openBucket } = await import('./open-bucket.ts');
    const { buckets, partSize, clock = systemClock } = options;
    return await openBucket(url, place, { buckets, partSize, clock });
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
