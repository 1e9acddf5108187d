import { UsageError } from '../errors.ts';

/** `s3://bucket/prefix` or `gs://bucket/prefix`, taken apart. */
export interface BucketUrl {
  readonly scheme: 's3' | 'gs';
  readonly bucket: string;
  /** Empty, or `path/` with its slash: what every key of the store begins with. */
  readonly prefix: string;
}

/** S3 and GCS names in use: older ones may hold capitals and underscores, and the store says what it does not have. */
const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/;
const segment = /^[A-Za-z0-9!_.*'()+=@,-]+$/;

/** Undefined for what is no bucket URL at all. @throws UsageError for one that names no bucket, or an odd prefix. */
export function parseBucketUrl(url: string): BucketUrl | undefined {
  const match = /^(s3|gs):\/\/([^/]*)(\/.*)?$/.exec(url);
  if (match === null) return undefined;
  const [, scheme, bucket = '', path = ''] = match;
  const hint = `Write it as ${scheme}://bucket or ${scheme}://bucket/prefix.`;
  if (!bucketName.test(bucket)) throw new UsageError(`${JSON.stringify(url)} names no bucket`, { hint });
  const segments = path.split('/').filter((part, index, all) => part !== '' || (index > 0 && index < all.length - 1));
  const odd = segments.find((part) => !segment.test(part) || part === '.' || part === '..');
  if (odd !== undefined) {
    throw new UsageError(`${JSON.stringify(url)}: ${JSON.stringify(odd)} cannot be part of a store's prefix`, { hint });
  }
  const prefix = segments.length === 0 ? '' : `${segments.join('/')}/`;
  return { scheme: scheme === 's3' ? 's3' : 'gs', bucket, prefix };
}
