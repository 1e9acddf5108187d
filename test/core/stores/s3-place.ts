import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { createS3Client, type S3ClientOptions } from '../../../lib/core/stores/create-s3-client.ts';
import { S3Store, type S3StoreOptions } from '../../../lib/core/stores/s3-store.ts';
import type { S3Access } from '../../servers/server-access.ts';

export function clientOf(server: S3Access, more: Partial<S3ClientOptions> = {}): S3Client {
  const { endpoint, region, credentials } = server;
  return createS3Client({ endpoint, region, credentials, forcePathStyle: true, ...more });
}

/** @returns the name of a new bucket. */
export async function makeBucket(client: S3Client, versioned = true): Promise<string> {
  const bucket = `w-${randomUUID()}`;
  // MinIO says that it is ready a moment before it is.
  for (let attempt = 1; ; attempt += 1) {
    try {
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      break;
    } catch (error) {
      if (attempt === 20 || !(error instanceof Error) || error.name !== 'XMinioServerNotInitialized') throw error;
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }
  if (versioned) {
    const status = { Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } } as const;
    await client.send(new PutBucketVersioningCommand(status));
  }
  return bucket;
}

/** Parts as small as S3 allows, and retries without long waits. */
export function storeOn(client: S3Client, bucket: string, more: Partial<S3StoreOptions> = {}): S3Store {
  const { prefix = '' } = more;
  const policy = { attempts: 4, base: 0.01, cap: 0.05, budget: 5 };
  const url = `s3://${bucket}/${prefix}`;
  return new S3Store({ url, bucket, prefix, client, policy, partSize: 5 * 2 ** 20, ...more });
}
