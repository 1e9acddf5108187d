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
 * versitygw keeps objects as files, so that none can have the name of a folder. Tag and bytes do not change together:
 * while an object is replaced again and again, some reads give the bytes before the ones that the tag is of, so that a
 * swap may be made from a number that another writer has counted already. Of ten swaps at once only one ever won.
 */
const versitygw: StoreTraits = {
  ...s3,
  flatKeys: false,
  races: { 'loses no swap when ten writers do five each': 'a read may give older bytes than the tag is of' },
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
