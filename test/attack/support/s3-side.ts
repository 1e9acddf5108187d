import { randomUUID } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  ListObjectVersionsCommand,
  PutBucketVersioningCommand,
  PutObjectCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import type { S3Access } from '../../servers/server-access.ts';
import type { BucketSide } from './bucket-side.ts';

export interface S3SideOptions {
  /** Default true. */
  readonly versioned?: boolean;
  /** Makes the bucket with Object Lock. */
  readonly objectLock?: boolean;
}

export interface S3Side extends BucketSide {
  readonly bucket: string;
  readonly client: S3Client;
}

/** A new bucket on an S3 server. */
export async function s3Side(access: S3Access, options: S3SideOptions = {}): Promise<S3Side> {
  const { region, credentials, endpoint } = access;
  const bucket = `attack-${randomUUID().slice(0, 13)}`;
  const client = new S3Client({ region, credentials: { ...credentials }, endpoint, forcePathStyle: true });
  const lock = options.objectLock === true ? { ObjectLockEnabledForBucket: true } : {};
  await client.send(new CreateBucketCommand({ Bucket: bucket, ...lock }));
  const versioned = options.versioned ?? true;
  if (versioned) {
    const configuration = { Status: 'Enabled' } as const;
    await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: configuration }));
  }
  const uploads = async () => (await client.send(new ListMultipartUploadsCommand({ Bucket: bucket }))).Uploads ?? [];
  return {
    url: `s3://${bucket}`,
    origin: endpoint,
    bucket,
    client,
    variables: (origin) => ({
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
      AWS_SESSION_TOKEN: '',
      AWS_PROFILE: '',
      AWS_REGION: region,
      AWS_ENDPOINT_URL: origin,
      AWS_ENDPOINT_URL_S3: '',
    }),
    async keys() {
      const keys: string[] = [];
      for await (const page of paginateListObjectsV2({ client }, { Bucket: bucket })) {
        keys.push(...(page.Contents ?? []).flatMap(({ Key }) => Key ?? []));
      }
      return keys.sort();
    },
    async versions(key) {
      if (!versioned) return undefined;
      const found = await client.send(new ListObjectVersionsCommand({ Bucket: bucket, Prefix: key }));
      return [...(found.Versions ?? []), ...(found.DeleteMarkers ?? [])].filter(({ Key }) => Key === key).length;
    },
    async bytes(key) {
      try {
        const { Body } = await client.send(new GetObjectCommand({ Bucket: bucket, Key: key }));
        return Buffer.from((await Body?.transformToByteArray()) ?? []);
      } catch (error) {
        if ((error as Error).name === 'NoSuchKey') return undefined;
        throw error;
      }
    },
    async put(key, bytes) {
      await client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: bytes }));
    },
    async pending() {
      return (await uploads()).flatMap(({ Key }) => Key ?? []);
    },
    async abortPending() {
      for (const { Key, UploadId } of await uploads()) {
        await client.send(new AbortMultipartUploadCommand({ Bucket: bucket, Key, UploadId }));
      }
    },
    close: () => client.destroy(),
  };
}
