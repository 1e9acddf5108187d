import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll } from 'vitest';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { sessionSuite } from '../../conformance/session-suite.ts';
import { storeSuite } from '../../conformance/store-suite.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';

let running: RunningStrictGcs;

beforeAll(async () => {
  running = await startStrictGcs();
});

afterAll(() => running.stop());

for (const prefix of ['', 'some/where/']) {
  const make = async () => {
    const bucket = `b-${randomUUID()}`;
    running.server.addBucket(bucket, { versioning: { enabled: true } });
    const storage = storageWithToken(running.url, running.token);
    const url = `gs://${bucket}/${prefix}`;
    return {
      open: () => new GcsStore({ url, bucket, prefix, storage, partSize: 256 * 1024 }),
      close: async () => {},
    };
  };
  storeSuite(`the strict fake of GCS with the prefix ${JSON.stringify(prefix)}`, make, {
    flatKeys: true,
    checksParts: false,
    keepsAttributes: true,
    hidesUploads: true,
    forgetsPartChecksums: true,
  });
  sessionSuite(`the strict fake of GCS with the prefix ${JSON.stringify(prefix)}`, make);
}
