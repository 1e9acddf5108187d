import type { Clock } from '../clock.ts';
import type { BucketAccess, BucketUse } from './bucket-access.ts';
import type { BucketUrl } from './bucket-url.ts';
import { askedPartSize } from './part-sizes.ts';
import type { Store } from './store.ts';

export interface OpenBucketOptions {
  readonly buckets: BucketAccess;
  readonly clock: Clock;
  /** `store` when absent. */
  readonly use?: BucketUse;
  /** Bytes of a part of large uploads, where the object's size does not need more. */
  readonly partSize?: number | undefined;
  /** For who may write and not read (`S3StoreOptions`); of S3 only. */
  readonly writeOnly?: boolean;
}

/**
 * The store that a bucket URL names. The bucket is not asked yet.
 * @param url as the user wrote it
 * @throws UsageError for a part size that it cannot take.
 * @throws NotAuthorised where the credentials that are named are not there.
 */
export async function openBucket(url: string, place: BucketUrl, options: OpenBucketOptions): Promise<Store> {
  const { scheme, bucket, prefix } = place;
  const { buckets, clock, use = 'store', partSize, writeOnly } = options;
  const asked = partSize === undefined ? {} : { partSize: askedPartSize(scheme, partSize) };
  const common = { url, bucket, prefix, clock, ...asked };
  if (scheme === 's3') {
    const [{ S3Store }, access] = await Promise.all([import('./s3-store.ts'), buckets.s3(bucket, use)]);
    return new S3Store({ ...common, ...access, writeOnly });
  }
  const [{ GcsStore }, access] = await Promise.all([import('./gcs-store.ts'), buckets.gcs(bucket, use)]);
  return new GcsStore({ ...common, ...access });
}
