import { randomUUID } from 'node:crypto';
import { describe } from 'vitest';
import { BucketState } from '../../../lib/core/state/bucket-state.ts';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { stateSuite } from '../../conformance/state-suite.ts';
import { gcsServer } from '../../servers/running-servers.ts';

const server = gcsServer('fake-gcs-server');

describe.skipIf(server === undefined)('fake-gcs-server', () => {
  stateSuite('a GCS bucket', async () => {
    if (server === undefined) throw new Error('no server');
    const { apiEndpoint, projectId } = server;
    const storage = createGcsStorage({ apiEndpoint, projectId, anonymous: true });
    const bucket = `state-${randomUUID()}`;
    await storage.createBucket(bucket);
    const location = `gs://${bucket}/team`;
    return {
      open: () =>
        new BucketState({ location, store: new GcsStore({ url: location, bucket, prefix: 'team/', storage }) }),
      close: async () => {},
    };
  });
});
