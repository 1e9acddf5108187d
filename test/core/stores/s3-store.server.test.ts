import { randomUUID } from 'node:crypto';
import { CreateBucketCommand, PutBucketVersioningCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from 'vitest';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { storeSuite } from '../../conformance/store-suite.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';

const traits = { flatKeys: true, checksParts: true, keepsAttributes: true, thinListings: true, forgetsSize: true };
/** Both keep objects as files or folders. */
const asFiles = { ...traits, flatKeys: false };

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const) {
  describe(`S3 on ${name}`, () => {
    let server: S3Server;
    let client: S3Client;

    beforeAll(async () => {
      server = await start();
      const { endpoint, region, credentials } = server;
      client = createS3Client({ endpoint, region, credentials, forcePathStyle: true });
    });

    afterAll(async () => {
      client.destroy();
      await server.stop();
    });

    async function place(prefix: string, versioned: boolean) {
      const bucket = `w-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      if (versioned) {
        await client.send(
          new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration: { Status: 'Enabled' } }),
        );
      }
      const url = `s3://${bucket}/${prefix}`;
      const open = () => new S3Store({ url, bucket, prefix, client, partSize: 5 * 2 ** 20 });
      return { open, close: async () => {} };
    }

    storeSuite('a versioned bucket', () => place('', true), asFiles);
    storeSuite('a prefix of a bucket without versions', () => place('some/where/', false), asFiles);
  });
}
