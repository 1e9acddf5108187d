import type { BucketAccess, BucketUse, GcsAccess, S3Access } from '../core/stores/bucket-access.ts';
import type { Configuration } from './configuration.ts';
import type { Environment } from './environment.ts';

/** Bucket access whose connections can be let go of. */
export interface OpenedBucketAccess extends BucketAccess {
  /** Drops every connection. */
  close(): Promise<void>;
}

/**
 * Clients for buckets, made from environment and weighbridge.yaml: one for each bucket and use, when it is first asked
 * for. No SDK is loaded before, since that costs more than all of a command that needs none.
 * @param onReceived asked once an SDK is loaded; what it gives is called with the count of bytes of every piece of an
 * object that arrived
 */
export function createBucketAccess(
  environment: Environment,
  configuration: Configuration,
  onReceived: () => (bytes: number) => void,
): OpenedBucketAccess {
  const { buckets } = configuration;
  const s3 = new Map<string, Promise<S3Access>>();
  const gcs = new Map<string, Promise<GcsAccess>>();
  return {
    s3: (bucket, use = 'store') =>
      remembered(s3, bucket, use, async () => {
        const { connectS3 } = await import('./buckets/s3-connection.ts');
        const access = await connectS3(bucket, use, buckets[`s3://${bucket}`] ?? {}, environment);
        return { ...access, onReceived: onReceived() };
      }),
    gcs: (bucket, use = 'store') =>
      remembered(gcs, bucket, use, async () => {
        const { connectGcs } = await import('./buckets/gcs-connection.ts');
        const access = await connectGcs(use, buckets[`gs://${bucket}`] ?? {}, environment);
        return { ...access, onReceived: onReceived() };
      }),
    async close() {
      for (const access of await settled(s3)) access.client.destroy();
      for (const access of await settled(gcs)) await access.dispatcher?.destroy();
    },
  };
}

async function settled<T>(known: ReadonlyMap<string, Promise<T>>): Promise<T[]> {
  const results = await Promise.allSettled(known.values());
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/** A failure is not remembered: the next who asks may have more luck. */
function remembered<T>(
  known: Map<string, Promise<T>>,
  bucket: string,
  use: BucketUse,
  connect: () => Promise<T>,
): Promise<T> {
  const key = `${use} ${bucket}`;
  const made = known.get(key) ?? connect();
  known.set(key, made);
  made.catch(() => known.delete(key));
  return made;
}
