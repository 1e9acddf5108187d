import { createSign } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { GcsUrlSigner } from '../../../../lib/core/access/sign/gcs-url-signer.ts';
import type { Clock } from '../../../../lib/core/clock.ts';
import { systemClock } from '../../../../lib/core/clock.ts';
import { attachmentNamed } from '../../../../lib/core/stores/content-disposition.ts';
import { createGcsStorage } from '../../../../lib/core/stores/create-gcs-storage.ts';
import { GcsStore } from '../../../../lib/core/stores/gcs-store.ts';
import {
  type RunningStrictGcs,
  startStrictGcs,
  storageWithToken,
} from '../../../servers/strict-gcs/start-strict-gcs.ts';
import { HeldClock } from '../local/held-clock.ts';

const names = ['model.bin', 'sub/a b.bin', "ünï (1)!*'~.bin", 'a+b%20c?d#e&f=g.bin'];

describe('a signer of Cloud Storage', () => {
  let server: RunningStrictGcs;
  const texts: string[] = [];

  beforeAll(async () => {
    server = await startStrictGcs();
  });

  afterAll(() => server.stop());

  /** What Google does for `signBlob`, with a key made here. */
  async function signBlob(text: string): Promise<Uint8Array> {
    texts.push(text);
    return createSign('RSA-SHA256').update(text).sign(server.key.private_key);
  }

  function signer(clock: Pick<Clock, 'now'>, endpoint = server.url, bucket = 'private') {
    return new GcsUrlSigner({ endpoint, bucket, signer: server.key.client_email, signBlob, clock });
  }

  it('makes the URLs that the library of Google makes with the same key', async () => {
    // The library signs nothing that has passed.
    const from = new Date(Math.floor(Date.now() / 1000) * 1000);
    const until = new Date(from.getTime() + 900_000);
    const clock = new HeldClock(new Date(from.getTime() + 500));
    const storage = createGcsStorage({ credentials: server.key, projectId: 'p' });
    for (const key of names.map((name) => `weights/1.0.0/${name}`)) {
      for (const version of ['1712345678901234', undefined]) {
        const fileName = key.slice(key.lastIndexOf('/') + 1);
        const session = await signer(clock, 'https://storage.googleapis.com').prepare(900);
        const [expected] = await storage
          .bucket('private')
          .file(key)
          .getSignedUrl({
            version: 'v4',
            action: 'read',
            accessibleAt: from,
            expires: until,
            queryParams: version === undefined ? {} : { generation: version },
            responseDisposition: attachmentNamed(fileName) ?? '',
          });
        const made = new URL(await session.sign({ key, version, etag: 'x', fileName }));
        const library = new URL(expected);
        expect(session.expiresAt).toEqual(until);
        expect(decodeURIComponent(made.pathname)).toBe(decodeURIComponent(library.pathname));
        expect(Object.fromEntries(made.searchParams)).toEqual(Object.fromEntries(library.searchParams));
      }
    }
  });

  it('gives exactly that generation, also ranges of it, and nothing else', async () => {
    const storage = storageWithToken(server.url, server.token);
    await storage.createBucket('private');
    const store = new GcsStore({ url: 'gs://private', bucket: 'private', prefix: '', storage, clock: systemClock });
    for (const name of names) {
      const key = `weights/1.0.0/${name}`;
      const put = await store.put(key, Buffer.from(`bytes of ${name}`), { ifAbsent: true });
      const session = await signer(systemClock).prepare(60);
      const version = put.stat?.version;
      const url = await session.sign({ key, version, etag: '', fileName: 'a b.bin' });
      const got = await fetch(url);
      expect(await got.text(), name).toBe(`bytes of ${name}`);
      const range = await fetch(url, { headers: { range: 'bytes=0-4' } });
      expect([range.status, await range.text()]).toEqual([206, 'bytes']);
      expect((await fetch(url, { headers: { range: 'bytes=9999-' } })).status).toBe(416);
      for (const tampered of [
        url.replace('weights', 'secrets'),
        url.replace(`generation=${version}`, 'generation=1'),
        url.replace('X-Goog-Expires=60', 'X-Goog-Expires=61'),
        url.replace(/.$/, (last) => (last === '0' ? '1' : '0')),
      ]) {
        expect(tampered).not.toBe(url);
        expect((await fetch(tampered)).status).toBe(403);
      }
      expect((await fetch(url, { method: 'DELETE' })).status).toBe(403);
    }
    const past = new HeldClock(new Date(Date.now() - 61_000));
    const old = await (await signer(past).prepare(60)).sign({
      ...{ key: `weights/1.0.0/${names[0]}`, version: undefined, etag: '', fileName: 'x' },
    });
    expect((await fetch(old)).status).toBe(400);
  });

  it('asks for one signature a URL, of all that can be told without a secret, and for no longer than an hour', async () => {
    texts.length = 0;
    const clock = new HeldClock();
    const session = await signer(clock).prepare(7 * 24 * 3600);
    expect(session.expiresAt).toEqual(new Date('2026-05-04T04:02:01Z'));
    const objects = Array.from({ length: 100 }, (_, index) => ({
      key: `w/1/${index}`,
      version: '1',
      etag: '',
      fileName: 'x',
    }));
    const urls = await Promise.all(objects.map((object) => session.sign(object)));
    expect(new Set(urls).size).toBe(100);
    expect(texts).toHaveLength(100);
    expect(texts[0]).toMatch(
      /^GOOG4-RSA-SHA256\n20260504T030201Z\n20260504\/auto\/storage\/goog4_request\n[0-9a-f]{64}$/,
    );
  });
});
