import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe } from 'vitest';
import type { StoreTraits } from '../../conformance/store-place.ts';
import { storeSuite } from '../../conformance/store-suite.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { clientOf, makeBucket, storeOn } from './s3-place.ts';

const s3: StoreTraits = {
  flatKeys: true,
  checksParts: true,
  keepsAttributes: true,
  thinListings: true,
  forgetsSize: true,
};

/**
 * versitygw keeps objects as files, so that none can have the name of a folder. It compares the tag and then renames:
 * on a machine that is busy two swaps from one version both succeed now and then.
 */
const versitygw: StoreTraits = {
  ...s3,
  flatKeys: false,
  races: { 'loses no swap when ten writers do five each': 'two swaps may win on a busy machine' },
};

const servers = [
  { name: 'versitygw' as const, start: startVersitygw, traits: versitygw },
  { name: 'MinIO' as const, start: startMinio, traits: s3 },
];

for (const { name, start, traits } of servers) {
  describe.skipIf(lacksS3Server(name))(`S3 on ${name}`, () => {
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

    async function place(prefix: string, versioned: boolean) {
      const bucket = await makeBucket(client, versioned);
      return { open: () => storeOn(client, bucket, { prefix }), close: async () => {} };
    }

    storeSuite('a versioned bucket', () => place('', true), traits);
    storeSuite('a prefix of a bucket without versions', () => place('some/where/', false), traits);
  });
}
