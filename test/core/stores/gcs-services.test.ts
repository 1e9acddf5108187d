import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { NotAuthorised } from '../../../lib/core/errors.ts';
import { createGcsStorage } from '../../../lib/core/stores/create-gcs-storage.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { created, sealOf, sendAll, signal } from '../../conformance/store-place.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { type GcsTestBucket, gcsTestBucket, hurriedClock, partSize } from './gcs-place.ts';

let running: RunningStrictGcs;
let place: GcsTestBucket;

beforeAll(async () => {
  running = await startStrictGcs({
    rewritePerCall: 1_048_576,
    tokens: { reader: ['storage.objects.get', 'storage.objects.list'], creator: ['storage.objects.create'] },
  });
});
beforeEach(() => {
  running.server.faults.clear();
  place = gcsTestBucket(running);
});
afterAll(() => running.stop());

const as = (token: string) => place.open({ storage: storageWithToken(running.url, token), clock: hurriedClock() });
const put = (token: string, key = 'k') => as(token).put(key, Buffer.from('x'), { ifAbsent: true });

describe('what the strict fake of GCS denies', () => {
  test('names the bucket and the permission', async () => {
    await expect(put('reader')).rejects.toMatchObject({
      name: 'NotAuthorised',
      message: `writing k: gs://${place.name} denies access`,
      hint: expect.stringContaining('storage.objects.create'),
    });
    await put('creator');
    await expect(as('creator').head('k')).rejects.toMatchObject({
      hint: expect.stringContaining('storage.objects.get'),
    });
    await expect(bytesOf(as('creator').read('k'))).rejects.toThrow(NotAuthorised);
    await expect(all(as('creator').list(''))).rejects.toMatchObject({ hint: expect.stringContaining('objects.list') });
    const replacing = as('creator').put('k', Buffer.from('y'), { ifMatch: place.bucket.live('k')?.generation ?? '' });
    await expect(replacing).rejects.toMatchObject({ hint: expect.stringContaining('storage.objects.delete') });
  });

  test('to credentials that it does not know, or none', async () => {
    await expect(as('unknown').head('k')).rejects.toThrow(/does not accept the credentials/);
    const anonymous = createGcsStorage({ apiEndpoint: running.url, anonymous: true, projectId: 'p' });
    await expect(place.open({ storage: anonymous }).head('k')).rejects.toThrow(NotAuthorised);
  });

  test('tells a missing bucket from a missing object', async () => {
    const store = place.open({ bucket: 'nowhere', url: 'gs://nowhere' });
    for (const ask of [
      () => store.head('k'),
      () => store.get('k', 1),
      () => all(store.list('')),
      () => store.beginUpload('k', { size: 1 }),
      () => store.put('k', Buffer.from('x'), { ifAbsent: true }),
      () => bytesOf(store.read('k')),
    ]) {
      await expect(ask()).rejects.toThrow('there is no bucket nowhere');
    }
    expect(await place.open().head('k')).toBeUndefined();
  });

  test('or does not answer at all', async () => {
    const gone = createGcsStorage({ apiEndpoint: 'http://127.0.0.1:9', anonymous: true, projectId: 'p' });
    const store = place.open({ storage: gone, clock: hurriedClock() });
    await expect(store.head('k')).rejects.toMatchObject({ name: 'StoreError', retryable: true });
    expect(store.requests.head).toBe(5);
  });

  test('without credentials says what to do', async () => {
    const storage = createGcsStorage({ apiEndpoint: running.url, projectId: 'p' });
    storage.authClient.getRequestHeaders = async () => {
      throw new Error('Could not load the default credentials. Browse to https://example.org for more information.');
    };
    await expect(place.open({ storage }).head('k')).rejects.toMatchObject({
      name: 'NotAuthorised',
      message: expect.stringContaining('there are no Google credentials'),
      hint: expect.stringContaining('gcloud auth'),
    });
  });
});

describe('a signed URL of GCS', () => {
  const signing = () =>
    place.open({ storage: createGcsStorage({ apiEndpoint: running.url, credentials: running.key }) });
  const request = { expiresIn: 900 };

  test('gives the pinned generation under the name that was asked for', async () => {
    const store = place.open();
    const first = await created(store, 'a/ü 1/w+x', 'one');
    await store.put('a/ü 1/w+x', Buffer.from('two'), { ifMatch: first.etag });
    const pinned = { ...request, version: first.etag, fileName: 'große "weights".bin' };
    const { url, expiresAt } = await signing().presign('a/ü 1/w+x', pinned);
    const answer = await fetch(url);
    expect(await answer.text()).toBe('one');
    expect(answer.headers.get('content-disposition')).toBe(
      `attachment; filename="gro_e _weights_.bin"; filename*=UTF-8''gro%C3%9Fe%20%22weights%22.bin`,
    );
    expect(expiresAt.getTime()).toBeGreaterThan(Date.now() + 890_000);
    const latest = await signing().presign('a/ü 1/w+x', request);
    expect(await (await fetch(latest.url)).text()).toBe('two');
    const part = await fetch(latest.url, { headers: { range: 'bytes=1-' } });
    expect([part.status, await part.text()]).toEqual([206, 'wo']);
  });

  test('is refused on the strict fake when it was changed or is too old', async () => {
    await created(place.open(), 'k', 'one');
    await created(place.open(), 'l', 'two');
    const { url } = await signing().presign('k', request);
    expect((await fetch(url)).status).toBe(200);
    expect((await fetch(url.replace('/k?', '/l?'))).status).toBe(403);
    expect((await fetch(url.replace('X-Goog-Expires=900', 'X-Goog-Expires=901'))).status).toBe(403);
    running.server.sessions.advanced = 901;
    expect((await fetch(url)).status).toBe(400);
    running.server.sessions.advanced = 0;
  });

  test('lives at most seven days, and needs credentials that sign', async () => {
    await expect(signing().presign('k', { expiresIn: 7 * 24 * 3600 + 1 })).rejects.toThrow(StoreError);
    await expect(signing().presign('k', { expiresIn: 0 })).rejects.toThrow(StoreError);
    await signing().presign('k', { expiresIn: 7 * 24 * 3600 });
    const storage = storageWithToken(running.url, running.token);
    // What the library says where no credentials have an account; it would first look for a metadata server.
    storage.authClient.getCredentials = async () => {
      throw new Error('Unable to find credentials in current environment.');
    };
    await expect(place.open({ storage }).presign('k', request)).rejects.toMatchObject({
      name: 'NotAuthorised',
      hint: expect.stringContaining('signBlob'),
    });
  });
});

describe('a copy within the strict fake of GCS', () => {
  test('of many calls is one object', async () => {
    const store = place.open();
    const data = randomBytes(3_500_000);
    const from = await created(store, 'a', data);
    const { crc32c } = sealOf(data);
    const copied = await store.copyProven(from, 'b', crc32c, { metadata: { sha256: 'abc' } });
    expect(copied).toMatchObject({ outcome: 'created', stat: { key: 'b', crc32c, metadata: { sha256: 'abc' } } });
    expect(store.requests).toMatchObject({ copy: 4 });
    expect(await store.copyProven(from, 'b', crc32c, {})).toMatchObject({ outcome: 'exists', stat: copied.stat });
  });

  test('ends when it is interrupted', async () => {
    const store = place.open();
    const data = randomBytes(3_500_000);
    const from = await created(store, 'a', data);
    const interruption = new AbortController();
    const copying = store.copyProven(from, 'b', sealOf(data).crc32c, {}, interruption.signal);
    while ((store.requests.copy ?? 0) < 2) await new Promise(setImmediate);
    interruption.abort(new Error('interrupted'));
    await expect(copying).rejects.toThrow('interrupted');
    expect(store.requests.copy).toBeLessThan(4);
    expect(await store.head('b')).toBeUndefined();
  });

  test('is not made of a source with another checksum, whether or not that was known', async () => {
    const store = place.open();
    const from = await created(store, 'a', 'one');
    const { crc32c } = sealOf(Buffer.from('two'));
    await expect(store.copyProven(from, 'b', crc32c, {})).rejects.toThrow(StoreError);
    const { crc32c: _, ...unknown } = from;
    await expect(store.copyProven(unknown, 'b', crc32c, {})).rejects.toThrow(/does not have the bytes/);
    expect(await store.head('b')).toBeUndefined();
  });

  test('whose answer was lost is known as its own', async () => {
    const from = await created(place.open(), 'a', 'one');
    running.server.faults.add({ action: 'drop-after', match: 'rewriteTo' });
    expect(await place.open({ clock: hurriedClock() }).copyWithin(from, 'b')).toMatchObject({ outcome: 'created' });
  });
});

describe('a bucket of the strict fake of GCS', () => {
  test('that is as it should be is not worth a word', async () => {
    expect(await place.open().checkSettings()).toEqual([]);
  });

  test('says in a sentence each what its settings mean', async () => {
    const odd = gcsTestBucket(running, {
      retentionPolicy: { retentionPeriod: '86400' },
      softDeletePolicy: { retentionDurationSeconds: '604800' },
    });
    expect(await odd.open().checkSettings()).toEqual([
      expect.stringMatching(/versioning is off/),
      expect.stringMatching(/retention policy of 1 day/),
      expect.stringMatching(/for 7 days \(soft delete\)/),
    ]);
    expect(await as('reader').checkSettings()).toEqual([expect.stringMatching(/cannot be read.*storage.buckets.get/)]);
    await expect(place.open({ bucket: 'nowhere' }).checkSettings()).rejects.toThrow('there is no bucket');
  });

  test('has the time, also for who may only read', async () => {
    for (const store of [place.open(), as('reader')]) {
      expect(Math.abs((await store.now()).getTime() - Date.now())).toBeLessThan(60_000);
    }
  });

  test('that refuses a session at once because the key is taken is told of no byte', async () => {
    const stat = await created(place.open(), 'k', 'other');
    running.server.faults.add({ action: 'status', status: 412, match: 'uploadType=resumable' });
    const store = place.open();
    const data = randomBytes(2 * partSize + 1);
    const upload = await store.beginUpload('k', { size: data.length });
    await sendAll(upload, data);
    expect(await store.resumeUpload('k', upload.id, { size: data.length })).toBeUndefined();
    expect(await upload.complete(sealOf(data), signal)).toEqual({ outcome: 'exists', stat });
    expect(store.requests).toEqual({ put: 1, head: 1 });
  });
});
