import {
  CreateBucketCommand,
  GetObjectCommand,
  ListMultipartUploadsCommand,
  paginateListObjectsV2,
  S3Client,
} from '@aws-sdk/client-s3';
import { startFaultProxy } from '../../servers/fault-proxy.ts';
import type { S3Access } from '../../servers/server-access.ts';
import { type BucketMirror, bucketNames, mirrorPrefix } from './bucket-mirror.ts';

/** Makes two buckets on a server, and a proxy before it. */
export async function s3Mirror(server: S3Access): Promise<BucketMirror> {
  const { endpoint, region, credentials } = server;
  const client = new S3Client({ endpoint, region, credentials, forcePathStyle: true });
  const names = bucketNames();
  for (const Bucket of [names.mirror, names.state]) await client.send(new CreateBucketCommand({ Bucket }));
  const proxy = await startFaultProxy(endpoint);
  const list = async (Bucket: string, Prefix: string) => {
    const sizes = new Map<string, number>();
    for await (const page of paginateListObjectsV2({ client }, { Bucket, Prefix })) {
      for (const { Key = '', Size = 0 } of page.Contents ?? []) sizes.set(Key.slice(Prefix.length), Size);
    }
    return sizes;
  };
  return {
    url: `s3://${names.mirror}/${mirrorPrefix.slice(0, -1)}`,
    state: `s3://${names.state}`,
    variables: {
      AWS_ENDPOINT_URL: proxy.url,
      AWS_REGION: region,
      AWS_ACCESS_KEY_ID: credentials.accessKeyId,
      AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey,
    },
    proxy,
    objects: () => list(names.mirror, mirrorPrefix),
    stateObjects: () => list(names.state, ''),
    async read(key) {
      const { Body } = await client.send(new GetObjectCommand({ Bucket: names.mirror, Key: mirrorPrefix + key }));
      if (Body === undefined) throw new Error(`${key} has no body`);
      return Body as unknown as AsyncIterable<Uint8Array>;
    },
    async unfinished() {
      // One page: a test leaves a handful. Without a prefix, since not every server's listing heeds one.
      const { Uploads = [] } = await client.send(new ListMultipartUploadsCommand({ Bucket: names.mirror }));
      return Uploads.map(({ Key = '' }) => Key);
    },
    bytesSent: () =>
      proxy.requests
        .filter(({ method, target }) => method === 'PUT' && target.includes('partNumber='))
        .reduce((sum, { bytes }) => sum + bytes, 0),
    async close() {
      await proxy.stop();
      client.destroy();
    },
  };
}
