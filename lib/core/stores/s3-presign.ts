import { NotAuthorised, UsageError } from '../errors.ts';
import { isAnonymous } from './create-s3-client.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { signedGet } from './s3-signed-get.ts';
import type { PresignedUrl, PresignRequest } from './store.ts';

/** Signature version 4 allows no more (S3 user guide, "Presigned URLs"). */
const longest = 7 * 24 * 3600;

/**
 * A GET URL that ends when it says: with the credentials that signed it, at the latest.
 * @throws UsageError for a lifetime that is none; NotAuthorised without credentials or with expired ones.
 */
export async function presignObject(bucket: S3Bucket, key: string, request: PresignRequest): Promise<PresignedUrl> {
  const { version, expiresIn, until, fileName } = request;
  if (!(expiresIn >= 1 && expiresIn <= longest)) {
    throw new UsageError(`a URL can be valid for 1 to ${longest} seconds, not ${expiresIn}`);
  }
  const signedAt = Math.floor(bucket.signingTime().getTime() / 1000);
  const credentials = await bucket.credentials();
  if (isAnonymous(credentials)) {
    throw new NotAuthorised(`without credentials there are no signed URLs for ${bucket.options.url}`);
  }
  const end = credentials.expiration === undefined ? Infinity : Math.floor(credentials.expiration.getTime() / 1000);
  const asked = until === undefined ? Math.floor(expiresIn) : Math.floor(until.getTime() / 1000) - signedAt;
  const seconds = Math.min(asked, end - signedAt, longest);
  if (seconds < 1) {
    throw new NotAuthorised(`the credentials for ${bucket.options.url} have expired`, { hint: 'Sign in again.' });
  }
  const url = await signedGet(bucket.client, {
    object: bucket.object(key),
    version,
    fileName,
    signedAt: new Date(signedAt * 1000),
    expiresIn: seconds,
  });
  return { url, expiresAt: new Date((signedAt + seconds) * 1000) };
}
