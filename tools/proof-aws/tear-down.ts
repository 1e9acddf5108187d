import {
  AbortMultipartUploadCommand,
  DeleteBucketCommand,
  DeleteObjectsCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import type { Proof } from './proof.ts';

/** Turns of a thousand versions: far more than a proof leaves behind. */
const mostTurns = 1000;

/**
 * Takes away everything that a proof made; what of it was not there is no error.
 * @returns what is left, as lines for whoever has to take it away
 */
export async function tearDown(proof: Proof): Promise<readonly string[]> {
  const left: string[] = [];
  const { code, said } = await proof.cdk('destroy', '--all', '--force');
  if (code !== 0) left.push(`the stacks of ${proof.place.name}: ${said}`);
  for (const bucket of Object.values(proof.buckets)) {
    try {
      await removeBucket(proof.s3, bucket);
    } catch (error) {
      left.push(`s3://${bucket}: ${(error as Error).message}`);
    }
  }
  if (proof.gcs) {
    const { name, account } = proof.place;
    for (const access of ['public', 'private']) {
      left.push(`gcloud storage rm --recursive --all-versions gs://${name}-${access}-${account}`);
    }
  }
  return left;
}

async function removeBucket(s3: S3Client, Bucket: string): Promise<void> {
  try {
    for (let turn = 0; turn < mostTurns; turn += 1) {
      const { Versions = [], DeleteMarkers = [] } = await s3.send(new ListObjectVersionsCommand({ Bucket }));
      const Objects = [...Versions, ...DeleteMarkers].flatMap(({ Key, VersionId }) =>
        Key === undefined ? [] : [{ Key, ...(VersionId === undefined ? {} : { VersionId }) }],
      );
      if (Objects.length === 0) break;
      await s3.send(new DeleteObjectsCommand({ Bucket, Delete: { Objects, Quiet: true } }));
    }
    const { Uploads = [] } = await s3.send(new ListMultipartUploadsCommand({ Bucket }));
    for (const { Key, UploadId } of Uploads) {
      await s3.send(new AbortMultipartUploadCommand({ Bucket, Key, UploadId }));
    }
    await s3.send(new DeleteBucketCommand({ Bucket }));
  } catch (error) {
    if ((error as Error).name !== 'NoSuchBucket') throw error;
  }
}
