import type { Clock } from '../clock.ts';
import type { BucketAccess } from '../stores/bucket-access.ts';
import type { Store } from '../stores/store.ts';
import type { OpenBucket } from './bucket-object-source.ts';

/** Buckets of sources, whole, each opened once for each use. No SDK is loaded before the first is asked for. */
export function sourceBuckets(buckets: BucketAccess, clock: Clock): OpenBucket {
  const opened = new Map<string, Promise<Store>>();
  return ({ scheme, bucket }, use) => {
    const url = `${scheme}://${bucket}`;
    const name = `${use} ${url}`;
    const store = opened.get(name) ?? open();
    opened.set(name, store);
    store.catch(() => opened.delete(name));
    return store;

    async function open(): Promise<Store> {
      const { openBucket } = await import('../stores/open-bucket.ts');
      return await openBucket(url, { scheme, bucket, prefix: '' }, { buckets, clock, use });
    }
  };
}
