import { randomUUID } from 'node:crypto';
import { CreateBucketCommand } from '@aws-sdk/client-s3';
import { describe } from 'vitest';
import { BucketState } from '../../../lib/core/state/bucket-state.ts';
import { createS3Client } from '../../../lib/core/stores/create-s3-client.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { stateSuite } from '../../conformance/state-suite.ts';
import { s3Server } from '../../servers/running-servers.ts';

describe.each(['versitygw', 'minio'] as const)('%s', (name) => {
  const server = s3Server(name);
  describe.skipIf(server === undefined)('is there', () => {
    stateSuite('an S3 bucket', async () => {
      if (server === undefined) throw new Error('no server');
      const client = createS3Client({ ...server, forcePathStyle: true });
      const bucket = `state-${randomUUID()}`;
      await client.send(new CreateBucketCommand({ Bucket: bucket }));
      const location = `s3://${bucket}/team`;
      const open = () => {
        const store = new S3Store({ url: location, bucket, prefix: 'team/', client, settings: {} });
        return new BucketState({ location, store });
      };
      return { open, close: async () => client.destroy() };
    });
  });
});
