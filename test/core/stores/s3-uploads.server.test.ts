import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { all } from '../../conformance/read-all.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { clientOf, makeBucket, storeOn } from './s3-place.ts';

for (const [name, start] of [
  ['versitygw', startVersitygw],
  ['MinIO', startMinio],
] as const) {
  describe.skipIf(lacksS3Server(name))(`unfinished uploads on ${name}`, () => {
    let server: S3Server;
    let client: S3Client;

    beforeAll(async () => {
      server = await start();
      client = clientOf(server);
    });

    afterAll(async () => {
      client.destroy();
      await server.stop();
    });

    test('are all listed, more than a page of them, and those of another prefix are not', async () => {
      const bucket = await makeBucket(client);
      const store = storeOn(client, bucket, { prefix: 'ours/' });
      await storeOn(client, bucket, { prefix: 'theirs/' }).beginUpload('k/1', { size: 10 });
      await store.beginUpload('other/1', { size: 10 });
      const keys = Array.from({ length: 1010 }, (_, index) => `k/${index}`);
      const queue = [...keys];
      await Promise.all(
        Array.from({ length: 16 }, async () => {
          for (let key = queue.pop(); key !== undefined; key = queue.pop()) await store.beginUpload(key, { size: 10 });
        }),
      );
      const listed = await all(store.uploads('k/'));
      expect(listed.map(({ key }) => key).sort()).toEqual(keys.sort());
      expect(new Set(listed.map(({ id }) => id)).size).toBe(1010);
    });
  });
}
