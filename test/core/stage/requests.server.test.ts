import { randomUUID } from 'node:crypto';
import {
  CreateBucketCommand,
  DeleteObjectCommand,
  PutBucketVersioningCommand,
  type S3Client,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from 'vitest';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { requestSuite } from './request-suite.ts';

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const) {
  describe.skipIf(lacksS3Server(name))(`with ${name}`, () => {
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

    requestSuite('S3', async () => {
      const bucket = `w-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      // versitygw takes a delete marker for an object when it completes an upload, so that nothing could be put back.
      if (name === 'MinIO') {
        const VersioningConfiguration = { Status: 'Enabled' } as const;
        await client.send(new PutBucketVersioningCommand({ Bucket: bucket, VersioningConfiguration }));
      }
      const url = `s3://${bucket}`;
      return {
        copiesByHand: name === 'MinIO',
        open: () => new S3Store({ url, bucket, prefix: '', client, partSize: 5 * 2 ** 20 }),
        async remove(key) {
          await client.send(new DeleteObjectCommand({ Bucket: bucket, Key: key }));
        },
      };
    });
  });
}
