import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import type { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { created, sealOf, sendAll, signal } from '../../conformance/store-place.ts';
import { lacksS3Server } from '../../servers/running-servers.ts';
import type { S3Server } from '../../servers/server-access.ts';
import { startMinio } from '../../servers/start-minio.ts';
import { startVersitygw } from '../../servers/start-versitygw.ts';
import { clientOf, makeBucket, storeOn } from './s3-place.ts';

const attributes = { metadata: { sha256: 'ab', release: 'c@2' }, contentType: 'application/octet-stream' };

for (const { name, start, byServer } of [
  { name: 'versitygw' as const, start: startVersitygw, byServer: true },
  // It cannot copy a part into an upload with checksums: the bytes pass through the client.
  { name: 'MinIO' as const, start: startMinio, byServer: false },
]) {
  describe.skipIf(lacksS3Server(name))(`a copy within ${name}`, () => {
    let server: S3Server;
    let client: S3Client;
    let store: S3Store;

    beforeAll(async () => {
      server = await start();
      client = clientOf(server);
    });

    afterAll(async () => {
      client.destroy();
      await server.stop();
    });

    beforeEach(async () => {
      store = storeOn(client, await makeBucket(client), { prefix: 'odd prefix+/' });
    });

    test.each([0, 1, 6_000_000, 17 * 2 ** 20 + 1])('of %i bytes is proven by its checksum', async (size) => {
      const data = randomBytes(size);
      const upload = await store.beginUpload('a/1/w é+.bin', { size });
      await sendAll(upload, data);
      const { stat } = await upload.complete(sealOf(data), signal);
      if (stat === undefined) throw new Error('nothing was uploaded');
      const { crc32c } = sealOf(data);
      const result = await store.copyProven(stat, 'a/2/w', crc32c, attributes);
      expect(result).toEqual({ outcome: 'created', stat: await store.head('a/2/w') });
      expect(result.stat).toMatchObject({ size, crc32c, metadata: attributes.metadata });
      expect((await bytesOf(store.read('a/2/w'))).equals(data)).toBe(true);
      expect(await all(store.uploads(''))).toEqual([]);
      if (byServer && size > 0) expect(store.requests.get).toBe(1);
    });

    test('is of the version that was asked for, also when the object was replaced', async () => {
      const first = await created(store, 'a', 'one');
      await store.put('a', Buffer.from('two'), { ifMatch: first.etag });
      await store.copyProven(first, 'b', Crc32c.ofBytes(Buffer.from('one')).base64, {});
      expect((await bytesOf(store.read('b'))).toString()).toBe('one');
    });

    test('ends when it is interrupted, and leaves nothing', async () => {
      const data = randomBytes(17 * 2 ** 20);
      const from = await created(store, 'a', data);
      const interruption = new AbortController();
      const copying = store.copyProven(from, 'b', sealOf(data).crc32c, attributes, interruption.signal);
      while ((store.requests.copy ?? 0) < 2) await new Promise(setImmediate);
      interruption.abort(new Error('interrupted'));
      await expect(copying).rejects.toThrow('interrupted');
      expect(await store.head('b')).toBeUndefined();
      // versitygw finishes the part it was at, also after the upload was aborted, and then lists the upload once more.
      if (name === 'versitygw') await endWhatIsListed(store);
      expect(await all(store.uploads(''))).toEqual([]);
    });

    test.each([1000, 17 * 2 ** 20])('of %i bytes with another checksum never appears', async (size) => {
      const data = randomBytes(size);
      const from = await created(store, 'a', data);
      const wrong = Crc32c.ofBytes(Buffer.from('other')).base64;
      await expect(store.copyProven(from, 'b', wrong, {})).rejects.toThrow(StoreError);
      expect(await store.head('b')).toBeUndefined();
      expect(await all(store.uploads(''))).toEqual([]);
    });
  });
}

/** As the next run does, until nothing has been listed for a while. */
async function endWhatIsListed(store: S3Store): Promise<void> {
  for (let quiet = 0, looks = 0; quiet < 10 && looks < 200; looks += 1) {
    const listed = await all(store.uploads(''));
    for (const upload of listed) await upload.abort();
    quiet = listed.length === 0 ? quiet + 1 : 0;
    await sleep(50);
  }
}
