import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, onTestFinished, test } from 'vitest';
import { StoreUrlSigner } from '../../../lib/core/access/store-url-signer.ts';
import { NotAuthorised } from '../../../lib/core/errors.ts';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { createS3Client, type S3Credentials } from '../../../lib/core/stores/create-s3-client.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import { S3Store } from '../../../lib/core/stores/s3-store.ts';
import { HeldClock } from './local/held-clock.ts';

const object = { key: 'weights/1.0.0/a b.bin', version: 'v7', etag: 'e', fileName: 'a b.bin' };

/** Nothing is sent: port 9 would refuse it. */
function s3Signer(clock: HeldClock, more: Partial<S3Credentials> = {}) {
  const credentials = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'secret', ...more };
  const endpoint = 'http://127.0.0.1:9';
  const client = createS3Client({ region: 'eu-central-1', credentials, endpoint, forcePathStyle: true });
  onTestFinished(() => client.destroy());
  const store = new S3Store({ url: 's3://b/p', bucket: 'b', prefix: 'p/', client, clock });
  return new StoreUrlSigner(store, clock);
}

function endOf(url: string): number {
  const query = new URL(url).searchParams;
  const date = query.get('X-Amz-Date') ?? query.get('X-Goog-Date') ?? '';
  const iso = date.replace(/^(....)(..)(..T..)(..)(..Z)$/, '$1-$2-$3:$4:$5');
  return Date.parse(iso) + 1000 * Number(query.get('X-Amz-Expires') ?? query.get('X-Goog-Expires'));
}

describe('URLs of S3', () => {
  test('name the version and the file, and end when the session says, however late each was signed', async () => {
    const clock = new HeldClock();
    const session = await s3Signer(clock).prepare(900);
    const urls: string[] = [];
    for (let number = 0; number < 5; number += 1) {
      urls.push(await session.sign(object));
      clock.pass(0.7);
    }
    for (const url of urls) {
      expect(endOf(url)).toBe(session.expiresAt.getTime());
      const { pathname, searchParams } = new URL(url);
      expect(pathname).toBe('/b/p/weights/1.0.0/a%20b.bin');
      expect(searchParams.get('versionId')).toBe('v7');
      expect(searchParams.get('response-content-disposition')).toBe('attachment; filename="a b.bin"');
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    }
    expect(session.expiresAt.getTime() - clock.now().getTime()).toBeLessThan(900_000);
  });

  test('promise no more than the credentials have left', async () => {
    const clock = new HeldClock();
    const expiration = new Date(clock.now().getTime() + 400_000);
    const session = await s3Signer(clock, { expiration }).prepare(900);
    expect(session.expiresAt.getTime()).toBeLessThanOrEqual(expiration.getTime());
    expect(session.expiresAt.getTime()).toBeGreaterThan(expiration.getTime() - 1000);
    expect(endOf(await session.sign(object))).toBe(session.expiresAt.getTime());
  });

  test('are none with credentials that have ended, or when the session has', async () => {
    const clock = new HeldClock();
    await expect(s3Signer(clock, { expiration: new Date(0) }).prepare(900)).rejects.toThrow(NotAuthorised);
    const session = await s3Signer(clock).prepare(60);
    clock.pass(61);
    await expect(session.sign(object)).rejects.toThrow(NotAuthorised);
  });
});

test('URLs of GCS name the generation, and end when the session says', async () => {
  // The library of Google looks at its own clock as well.
  const clock = new HeldClock(new Date());
  const { privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  const storage = createGcsStorage({
    credentials: {
      type: 'service_account',
      client_email: 'signer@p.iam.gserviceaccount.com',
      private_key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    },
  });
  const store = new GcsStore({ url: 'gs://b', bucket: 'b', prefix: '', storage, clock });
  const session = await new StoreUrlSigner(store, clock).prepare(900);
  for (let number = 0; number < 3; number += 1) {
    const url = await session.sign({ ...object, version: '1234' });
    expect([endOf(url), new URL(url).searchParams.get('generation')]).toEqual([session.expiresAt.getTime(), '1234']);
    clock.pass(0.7);
  }
});
