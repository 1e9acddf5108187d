import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { bytesOf } from '../../conformance/read-all.ts';
import { created } from '../../conformance/store-place.ts';
import { type RunningStrictGcs, startStrictGcs } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { type GcsTestBucket, gcsTestBucket, hurriedClock } from './gcs-place.ts';

let running: RunningStrictGcs;
let place: GcsTestBucket;

beforeAll(async () => {
  running = await startStrictGcs();
});
beforeEach(() => {
  running.server.faults.clear();
  place = gcsTestBucket(running);
});
afterAll(() => running.stop());

const fault = (action: 'drop-before' | 'drop-after' | 'cut' | 'flip', match: string, times = 1) =>
  running.server.faults.add({ action, match, times });
const fail = (status: number, match: string, times = 1) =>
  running.server.faults.add({ action: 'status', status, match, times });
const quick = () => place.open({ clock: hurriedClock() });
const attributes = { contentType: 'text/plain', cacheControl: 'max-age=60', metadata: { sha256: 'abc' } };

describe('a write to GCS on the strict fake', () => {
  test.each(['drop-before', 'drop-after'] as const)(
    'whose connection breaks (%s) is known to be its own',
    async (how) => {
      fault(how, 'uploadType=multipart');
      const stored = await quick().put('k', Buffer.from('one'), { ifAbsent: true }, attributes);
      expect(stored).toMatchObject({ outcome: 'created', stat: { key: 'k', size: 3, metadata: { sha256: 'abc' } } });
      fault(how, 'uploadType=multipart');
      const tag = stored.stat?.etag ?? '';
      expect((await quick().put('k', Buffer.from('two'), { ifMatch: tag })).outcome).toBe('created');
      expect(await quick().put('k', Buffer.from('six'), { ifMatch: tag })).toMatchObject({ outcome: 'exists' });
    },
  );

  test('that somebody else won with the same bytes while the connection broke is not its own', async () => {
    const other = await created(place.open(), 'k', 'one');
    fault('drop-before', 'uploadType=multipart');
    expect(await quick().put('k', Buffer.from('one'), { ifAbsent: true })).toEqual({ outcome: 'exists', stat: other });
  });

  test('keeps what was said of it, and no more of it is shown', async () => {
    const stored = await quick().put('k', Buffer.from('x'), { ifAbsent: true }, attributes);
    expect(place.bucket.live('k')?.meta).toMatchObject({ contentType: 'text/plain', cacheControl: 'max-age=60' });
    expect(stored.stat?.metadata).toEqual({ sha256: 'abc' });
    const settled = place.open({ settings: { storageClass: 'NEARLINE' } });
    await settled.put('n', Buffer.from('x'), { ifAbsent: true });
    expect(place.bucket.live('n')?.meta.storageClass).toBe('NEARLINE');
  });

  test('of bytes that change on their way is refused, and made again whole', async () => {
    fault('flip', 'uploadType=multipart');
    const bytes = Buffer.alloc(100_000, 'weights');
    const stored = await quick().put('k', bytes, { ifAbsent: true });
    expect(stored).toMatchObject({ outcome: 'created', stat: { crc32c: Crc32c.ofBytes(bytes).base64 } });
    expect(place.bucket.all(true)).toHaveLength(1);
  });

  test('is tried again after server errors, but not for ever', async () => {
    fail(503, 'uploadType=multipart', 3);
    expect((await quick().put('k', Buffer.from('x'), { ifAbsent: true })).outcome).toBe('created');
    fail(500, 'uploadType=multipart', 100);
    await expect(quick().put('l', Buffer.from('x'), { ifAbsent: true })).rejects.toThrow(/l: gs:.* HTTP 500/);
  });

  test('waits at least two minutes, and at least a second each time, while there are too many', async () => {
    fail(429, 'uploadType=multipart', 10_000);
    const clock = hurriedClock();
    // A hundredth of the real time would still be seconds.
    const waits: number[] = [];
    clock.sleep = async (seconds) => {
      waits.push(seconds);
    };
    const writing = place.open({ clock }).put('k', Buffer.from('x'), { ifAbsent: true });
    await expect(writing).rejects.toThrow(/fewer requests/);
    expect(waits.reduce((sum, wait) => sum + wait, 0)).toBeGreaterThan(120);
    expect(Math.min(...waits)).toBeGreaterThanOrEqual(1);
  });

  test('does not wait longer where reads, too, are told to come later', async () => {
    fail(429, '.', 100_000);
    let waited = 0;
    const sleep = async (seconds: number) => {
      waited += seconds;
    };
    const writing = place
      .open({ clock: { now: () => new Date(), sleep } })
      .put('k', Buffer.from('x'), { ifAbsent: true });
    await expect(writing).rejects.toThrow(/fewer requests/);
    expect(waited).toBeGreaterThan(120);
    expect(waited).toBeLessThanOrEqual(180);
  });

  test('that is told to come later while another writer wins learns that it lost', async () => {
    const first = await created(place.open(), 'k', 'one');
    fail(429, 'uploadType=multipart');
    const losing = place.open({
      clock: {
        now: () => new Date(),
        sleep: async () => {
          await place.open().put('k', Buffer.from('two'), { ifMatch: first.etag });
        },
      },
    });
    expect(await losing.put('k', Buffer.from('xxx'), { ifMatch: first.etag })).toMatchObject({ outcome: 'exists' });
    expect(losing.requests).toEqual({ put: 1, head: 1 });
  });
});

test('twenty writers of one object of the strict fake that may be written once in a while lose nothing', async () => {
  const slow = await startStrictGcs({ writeInterval: 10 });
  try {
    const bucket = gcsTestBucket(slow);
    await created(bucket.open(), 'k', '0');
    const add = async () => {
      const store = bucket.open({ clock: hurriedClock() });
      for (let attempt = 0; attempt < 300; attempt += 1) {
        const found = await store.get('k', 10);
        const next = Buffer.from(String(Number(Buffer.from(found?.bytes ?? [])) + 1));
        if ((await store.put('k', next, { ifMatch: found?.stat.etag ?? '' })).outcome === 'created') return;
      }
      throw new Error('three hundred attempts were not enough');
    };
    await Promise.all(Array.from({ length: 20 }, add));
    expect((await bytesOf(bucket.open().read('k'))).toString()).toBe('20');
  } finally {
    await slow.stop();
  }
});

describe('a read from GCS on the strict fake', () => {
  const text = Buffer.from('weights '.repeat(50_000));

  test('gives an object with Content-Encoding gzip as it is stored', async () => {
    const stored = gzipSync(text);
    const meta = { contentEncoding: 'gzip', contentType: 'text/plain' };
    const { generation } = place.bucket.insert('k', stored, meta, new URLSearchParams());
    const store = place.open();
    expect((await bytesOf(store.read('k'))).equals(stored)).toBe(true);
    expect((await bytesOf(store.read('k', { range: { start: 5, end: 50 } }))).equals(stored.subarray(5, 50))).toBe(
      true,
    );
    expect(await store.get('k', stored.length)).toMatchObject({ stat: { size: stored.length, etag: generation } });
    const plain = await fetch(`${running.url}/storage/v1/b/${place.name}/o/k?alt=media`, {
      headers: { authorization: `Bearer ${running.token}`, 'accept-encoding': 'identity' },
    });
    expect(Buffer.from(await plain.arrayBuffer()).equals(text)).toBe(true);
  });

  test('that ends early fails, and may be tried again', async () => {
    await created(place.open(), 'k', text);
    fault('cut', 'alt=media');
    const reading = bytesOf(place.open().read('k'));
    await expect(reading).rejects.toMatchObject({ name: 'StoreError', retryable: true });
    fault('cut', 'alt=media');
    expect((await quick().get('k', 1_000_000))?.bytes.length).toBe(text.length);
  });

  test('of a generation gives that one, also when it was replaced', async () => {
    const store = place.open();
    const first = await created(store, 'k', 'one');
    await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
    const { version = '' } = first;
    expect((await bytesOf(store.read('k', { version, etag: first.etag }))).toString()).toBe('one');
    await expect(bytesOf(store.read('k', { etag: first.etag }))).rejects.toThrow(StoreError);
    await expect(bytesOf(store.read('k', { version, etag: '17' }))).rejects.toThrow(StoreError);
  });

  test('from a cache does not hold up who has seen something newer', async () => {
    const first = await created(place.open(), 'registry.json', '1');
    const store = place.open();
    await place.open().put('registry.json', Buffer.from('2'), { ifMatch: first.etag });
    running.server.faults.add({ action: 'stale', match: 'alt=media', times: 100 });
    const old = await store.get('registry.json', 10);
    expect(Buffer.from(old?.bytes ?? []).toString()).toBe('1');
    expect(await store.put('registry.json', Buffer.from('x'), { ifMatch: old?.stat.etag ?? '' })).toMatchObject({
      outcome: 'exists',
    });
    const now = await store.get('registry.json', 10);
    expect(Buffer.from(now?.bytes ?? []).toString()).toBe('2');
    const swapped = await store.put('registry.json', Buffer.from('3'), { ifMatch: now?.stat.etag ?? '' });
    expect(swapped.outcome).toBe('created');
    expect((await store.get('registry.json', 10))?.stat.etag).toBe(swapped.stat?.etag);
  });

  test('is tried again while there is no byte of it', async () => {
    await created(place.open(), 'k', 'one');
    fail(503, 'alt=media', 2);
    fault('drop-before', 'alt=media');
    const store = quick();
    expect((await bytesOf(store.read('k'))).toString()).toBe('one');
    expect(store.requests.get).toBe(4);
  });
});
