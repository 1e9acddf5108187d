import { afterAll, beforeAll, describe } from 'vitest';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { sessionSuite } from '../../conformance/session-suite.ts';
import { storeSuite } from '../../conformance/store-suite.ts';
import { gcsServer } from '../../servers/running-servers.ts';
import type { GcsServer } from '../../servers/server-access.ts';
import { startFakeGcs } from '../../servers/start-fake-gcs.ts';
import { startGcsEmulator } from '../../servers/start-gcs-emulator.ts';
import { newGcsBucket } from '../../support/new-bucket.ts';

const traits = {
  flatKeys: true,
  checksParts: false,
  keepsAttributes: true,
  hidesUploads: true,
  forgetsPartChecksums: true,
};

async function place(server: GcsServer, prefix: string) {
  const { apiEndpoint, projectId } = server;
  const bucket = await newGcsBucket(server);
  const storage = createGcsStorage({ apiEndpoint, projectId, anonymous: true });
  const url = `gs://${bucket}/${prefix}`;
  const open = () => new GcsStore({ url, bucket, prefix, storage, partSize: 256 * 1024 });
  return { open, close: async () => {} };
}

/** A server for the tests of one `describe`. */
function started(start: () => Promise<GcsServer>): () => GcsServer {
  let server: GcsServer | undefined;
  beforeAll(async () => {
    server = await start();
  });
  afterAll(() => server?.stop());
  return () => {
    if (server === undefined) throw new Error('the server is not there yet');
    return server;
  };
}

describe.skipIf(gcsServer('fake-gcs-server') === undefined)('GCS on fake-gcs-server', () => {
  const server = started(startFakeGcs);
  for (const prefix of ['', 'some/where/']) {
    storeSuite(`the prefix ${JSON.stringify(prefix)}`, () => place(server(), prefix), {
      ...traits,
      deviations: {
        'never replaces': 'a rewrite looks at no precondition',
        'that is aborted is gone, and aborting it again is fine': 'a status query makes an empty object',
        'is continued by another instance, which knows the parts': 'a status query makes a truncated object',
      },
    });
  }
});

describe.skipIf(gcsServer('gcp-storage-emulator') === undefined)('GCS on gcp-storage-emulator', () => {
  const server = started(startGcsEmulator);
  sessionSuite('a bucket', () => place(server(), ''), {
    'a session that was cancelled is not continued': 'sessions cannot be cancelled',
  });
});
