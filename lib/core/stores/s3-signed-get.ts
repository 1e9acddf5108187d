import { GetObjectCommand, type GetObjectCommandInput, type S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { attachmentNamed } from './content-disposition.ts';

/** What a URL gives. */
export interface SignedGet {
  readonly object: Pick<GetObjectCommandInput, 'Bucket' | 'Key' | 'ExpectedBucketOwner'>;
  readonly version: string | undefined;
  /** Name under which a browser or `curl -OJ` saves it. */
  readonly fileName: string | undefined;
  /** A whole second. */
  readonly signedAt: Date;
  /** Whole seconds from then on. */
  readonly expiresIn: number;
}

/**
 * The URL of a GET of exactly that object, signed with what the client's credentials are now; asks nobody. The client
 * is one of `createS3Client`: another would sign checksum parameters that no plain client sends.
 */
export async function signedGet(client: S3Client, request: SignedGet): Promise<string> {
  const { object, version, fileName, signedAt, expiresIn } = request;
  const disposition = fileName === undefined ? undefined : attachmentNamed(fileName);
  const command = new GetObjectCommand({
    ...object,
    ...(version === undefined ? {} : { VersionId: version }),
    ...(disposition === undefined ? {} : { ResponseContentDisposition: disposition }),
  });
  return await getSignedUrl(client, command, { expiresIn, signingDate: signedAt });
}
