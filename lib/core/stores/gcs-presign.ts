import type { Storage } from '@google-cloud/storage';
import type { Clock } from '../clock.ts';
import { NotAuthorised } from '../errors.ts';
import { attachmentNamed } from './content-disposition.ts';
import { credentialsError } from './gcs-errors.ts';
import type { PresignedUrl, PresignRequest } from './store.ts';
import { StoreError } from './store.ts';

const longest = 7 * 24 * 3600;

/** What signing one URL takes. */
export interface GcsSigner {
  readonly storage: Storage;
  readonly bucket: string;
  readonly clock: Clock;
}

/**
 * A V4 signed GET of one object, pinned to a generation where one is given. Signing takes the private key of a service
 * account, or `iam.serviceAccounts.signBlob` on the account that the credentials stand for; keys that Google
 * manages sign for at least twelve hours, so a longer life is not certain with them (docs, "Signed URLs").
 */
export async function presignGet(
  { storage, bucket, clock }: GcsSigner,
  name: string,
  { version, expiresIn, until, fileName }: PresignRequest,
): Promise<PresignedUrl> {
  if (!Number.isFinite(expiresIn) || expiresIn < 1 || expiresIn > longest) {
    throw new StoreError(`a URL of gs://${bucket} may live for 1 to ${longest} seconds, not ${expiresIn}`);
  }
  // V4 counts in whole seconds from its own date.
  const from = new Date(Math.floor(clock.now().getTime() / 1000) * 1000);
  const expiresAt = until ?? new Date(from.getTime() + Math.floor(expiresIn) * 1000);
  const file = storage.bucket(bucket).file(name);
  const disposition = fileName === undefined ? undefined : attachmentNamed(fileName);
  try {
    const [url] = await file.getSignedUrl({
      version: 'v4',
      action: 'read',
      accessibleAt: from,
      expires: expiresAt,
      queryParams: version === undefined ? {} : { generation: version },
      ...(disposition === undefined ? {} : { responseDisposition: disposition }),
    });
    return { url, expiresAt };
  } catch (error) {
    throw signingError(error, bucket);
  }
}

function signingError(error: unknown, bucket: string): Error {
  const known = credentialsError(error, { bucket, kind: 'get', doing: 'signing a URL' });
  if (!(known instanceof NotAuthorised) || /default credentials/i.test(error instanceof Error ? error.message : '')) {
    return known;
  }
  return new NotAuthorised(`signing a URL: the Google credentials cannot sign for gs://${bucket}`, {
    evidence: { bucket },
    hint: 'Use the key of a service account, or grant iam.serviceAccounts.signBlob (Service Account Token Creator) on it.',
  });
}
