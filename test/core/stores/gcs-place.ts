import { randomUUID } from 'node:crypto';
import { type Clock, systemClock } from '../../../lib/core/clock.ts';
import { GcsStore, type GcsStoreOptions } from '../../../lib/core/stores/gcs-store.ts';
import { type RunningStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import type { BucketSettings, StrictBucket } from '../../servers/strict-gcs/strict-bucket.ts';

/** A bucket of the strict fake, for one test. */
export interface GcsTestBucket {
  readonly name: string;
  readonly bucket: StrictBucket;
  open(options?: Partial<GcsStoreOptions>): GcsStore;
}

export const partSize = 256 * 1024;

export function gcsTestBucket(
  { server, token, url }: RunningStrictGcs,
  settings: BucketSettings = { versioning: { enabled: true } },
): GcsTestBucket {
  const name = `b-${randomUUID()}`;
  server.addBucket(name, settings);
  const bucket = server.buckets.get(name);
  if (bucket === undefined) throw new Error('the bucket was not made');
  const storage = storageWithToken(url, token);
  const open = (options: Partial<GcsStoreOptions> = {}) =>
    new GcsStore({ url: `gs://${name}`, bucket: name, prefix: '', storage, partSize, ...options });
  return { name, bucket, open };
}

/** A clock on which every wait takes a hundredth of its time; it adds up what was waited, in seconds. */
export function hurriedClock(): Clock & { waited: number } {
  return {
    waited: 0,
    now: () => new Date(),
    async sleep(seconds, signal) {
      this.waited += seconds;
      await systemClock.sleep(seconds / 100, signal);
    },
  };
}
