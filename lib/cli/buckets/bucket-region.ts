import type { AgentOptions } from 'node:https';
import { HeadBucketCommand } from '@aws-sdk/client-s3';
import { createS3Client } from '../../core/stores/create-s3-client.ts';
import { S3Fault } from '../../core/stores/s3-fault.ts';

/**
 * The region of a bucket of Amazon's, which S3 tells everybody, also with a refusal: one request without credentials.
 * @param endpoint the server that is asked; Amazon's own by default
 * @returns undefined where that cannot be learnt; then the first real request says what is wrong.
 */
export async function bucketRegion(
  bucket: string,
  agent: AgentOptions,
  endpoint?: string,
): Promise<string | undefined> {
  const client = createS3Client({
    region: 'us-east-1',
    ...(endpoint === undefined ? {} : { endpoint }),
    forcePathStyle: true,
    credentials: 'anonymous',
    agent,
  });
  try {
    return (await client.send(new HeadBucketCommand({ Bucket: bucket }))).BucketRegion;
  } catch (error) {
    return new S3Fault(error, new Date()).region;
  } finally {
    client.destroy();
  }
}
