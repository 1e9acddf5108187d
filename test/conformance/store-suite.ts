import { randomBytes } from 'node:crypto';
import { afterEach, beforeEach, describe, expect } from 'vitest';
import { Crc32c } from '../../lib/core/digest/crc32c.ts';
import { NotFound, Refused } from '../../lib/core/errors.ts';
import { isRereadable, isSyncable, type ObjectStat, type Store, StoreError } from '../../lib/core/stores/store.ts';
import { testWith } from './deviations.ts';
import { all, bytesOf, copiedBytes } from './read-all.ts';
import {
  created,
  partOf,
  type StorePlace,
  type StoreTraits,
  sealOf,
  sendAll,
  sendPart,
  signal,
} from './store-place.ts';

/** What every store promises. A backend's own test calls it with a way to make a place. */
export function storeSuite(name: string, make: () => Promise<StorePlace>, traits: StoreTraits): void {
  const test = testWith(traits.deviations, traits.races);

  describe(`${name} as a store`, () => {
    let place: StorePlace;
    let store: Store;

    beforeEach(async () => {
      place = await make();
      store = place.open();
    });

    afterEach(async () => {
      if (isSyncable(store)) await store.sync();
      const left = await place.leftovers?.();
      await place.close();
      if (left !== undefined) expect(left).toEqual([]);
    });

    describe('an object', () => {
      test('that was never written is undefined to head and NotFound to read', async () => {
        expect(await store.head('a/1/b')).toBeUndefined();
        await expect(bytesOf(store.read('a/1/b'))).rejects.toThrow(NotFound);
        expect(await all(store.list(''))).toEqual([]);
      });

      test.each([0, 1, 1000, 1_048_576, 3_000_001])('of %i bytes is read back as it was written', async (size) => {
        const data = randomBytes(size);
        const stat = await created(store, 'a/1/b', data);
        expect(stat).toMatchObject({ key: 'a/1/b', size });
        expect(await place.open().head('a/1/b')).toEqual(stat);
        expect((await bytesOf(store.read('a/1/b'))).equals(data)).toBe(true);
        expect((await copiedBytes(store.read('a/1/b', { transient: true }))).equals(data)).toBe(true);
      });

      test('does not change when the buffer that it was written from does', async () => {
        const data = Buffer.from('first');
        await created(store, 'k', data);
        data.fill(0);
        expect((await bytesOf(store.read('k'))).toString()).toBe('first');
      });

      test('is never replaced by put-if-absent, and the loser learns what is there', async () => {
        const stat = await created(store, 'k', 'first');
        expect(await store.put('k', Buffer.from('second'), { ifAbsent: true })).toEqual({ outcome: 'exists', stat });
        expect((await bytesOf(store.read('k'))).toString()).toBe('first');
      });

      test('may be written from memory that threads share', async () => {
        const shared = new Uint8Array(new SharedArrayBuffer(100_000)).fill(7);
        await created(store, 'k', shared);
        expect((await bytesOf(store.read('k'))).equals(Buffer.alloc(100_000, 7))).toBe(true);
      });

      test('has one creator among twenty that try at once', async () => {
        const stores = Array.from({ length: 20 }, () => place.open());
        const results = await Promise.all(
          stores.map((each, index) => each.put('k', Buffer.from(`writer ${index}`), { ifAbsent: true })),
        );
        const winners = results.flatMap(({ outcome }, index) => (outcome === 'created' ? [index] : []));
        expect(winners).toHaveLength(1);
        expect((await bytesOf(store.read('k'))).toString()).toBe(`writer ${winners[0]}`);
      });

      test('is replaced by put-if-match with its tag, and gets another tag', async () => {
        const first = await created(store, 'k', 'one');
        const result = await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
        expect(result.outcome).toBe('created');
        expect(result.stat?.etag).not.toBe(first.etag);
        expect(await store.head('k')).toEqual(result.stat);
        expect((await bytesOf(store.read('k'))).toString()).toBe('two');
        expect(await store.put('k', Buffer.from('xxx'), { ifMatch: first.etag })).toEqual({
          outcome: 'exists',
          stat: result.stat,
        });
      });

      test('that is absent does not match any tag', async () => {
        expect(await store.put('k', Buffer.from('x'), { ifMatch: '1-1' })).toEqual({
          outcome: 'exists',
          stat: undefined,
        });
        expect(await store.head('k')).toBeUndefined();
      });

      test('loses no swap when ten writers do five each', async () => {
        await created(store, 'k', '0000');
        const add = async (mine: Store) => {
          for (let attempt = 0; attempt < 500; attempt += 1) {
            const found = await mine.get('k', 100);
            if (found === undefined) throw new Error('k vanished');
            const next = Number(Buffer.from(found.bytes).toString()) + 1;
            // Equal lengths, so that a tag made of size and time alone must tell them apart by time.
            const text = String(next).padStart(4, '0');
            if ((await mine.put('k', Buffer.from(text), { ifMatch: found.stat.etag })).outcome === 'created') return;
          }
          throw new Error('five hundred attempts were not enough');
        };
        const writer = async () => {
          const mine = place.open();
          for (let round = 0; round < 5; round += 1) await add(mine);
        };
        await Promise.all(Array.from({ length: 10 }, writer));
        expect((await bytesOf(store.read('k'))).toString()).toBe('0050');
      });

      test('is read by ranges', async () => {
        const data = randomBytes(2_500_000);
        await created(store, 'k', data);
        for (const [start, end] of [
          [0, 1],
          [0, data.length],
          [1_048_575, 1_048_577],
          [data.length - 1, data.length],
          [7, 7],
        ]) {
          const range = { start: start as number, end: end as number };
          expect((await bytesOf(store.read('k', { range }))).equals(data.subarray(range.start, range.end))).toBe(true);
        }
        await expect(bytesOf(store.read('k', { range: { start: 0, end: data.length + 1 } }))).rejects.toThrow(
          StoreError,
        );
      });

      test('that is small is had whole, with what it was, in one request', async () => {
        expect(await store.get('k', 10)).toBeUndefined();
        const empty = await created(store, 'empty', '');
        expect(await store.get('empty', 0)).toMatchObject({
          stat: { key: 'empty', etag: empty.etag },
          bytes: { length: 0 },
        });
        const first = await created(store, 'k', 'one');
        const before = store.requests.get ?? 0;
        const found = await store.get('k', 3);
        expect(found?.stat).toMatchObject({ key: 'k', size: 3, etag: first.etag });
        expect(Buffer.from(found?.bytes ?? []).toString()).toBe('one');
        expect((store.requests.get ?? 0) - before).toBe(1);
        const swapped = await store.put('k', Buffer.from('four'), { ifMatch: found?.stat.etag ?? '' });
        expect(swapped.outcome).toBe('created');
        await expect(store.get('k', 3)).rejects.toThrow(StoreError);
      });

      test('is read only as the state that was asked for', async () => {
        const first = await created(store, 'k', 'one');
        expect((await bytesOf(store.read('k', { etag: first.etag }))).toString()).toBe('one');
        await store.put('k', Buffer.from('two'), { ifMatch: first.etag });
        await expect(bytesOf(store.read('k', { etag: first.etag }))).rejects.toThrow(StoreError);
      });

      test('is not read further once the reader was told to stop', async () => {
        await created(store, 'k', randomBytes(5_000_000));
        const stop = new AbortController();
        const reading = async () => {
          for await (const _ of store.read('k', { signal: stop.signal })) stop.abort(new Error('enough'));
        };
        await expect(reading()).rejects.toThrow('enough');
      });

      test('keeps what was said about it', async () => {
        const attributes = { contentType: 'text/plain', metadata: { sha256: 'abc', release: 'a@1' } };
        await store.put('k', Buffer.from('x'), { ifAbsent: true }, attributes);
        const stat = await store.head('k');
        expect(stat?.metadata).toEqual(traits.keepsAttributes ? attributes.metadata : undefined);
        expect(stat?.crc32c).toBe(traits.keepsAttributes ? Crc32c.ofBytes(Buffer.from('x')).base64 : undefined);
      });
    });

    describe('keys', () => {
      const odd = [
        'plain',
        'a/b',
        'with space/and  two',
        'percent/100%25 %2F',
        'plus/a+b=c&d',
        'quotes/"it\'s"',
        'ünïcode/模型/weights-🤖.bin',
        'hash/#1?x=y',
        '...dots/..a/b..',
        '-dash/--',
        `long/${'x'.repeat(255)}`,
        'a1/b2/c3/d4/e5/f6/g7/h8',
        'brackets/[x]{y}<z>|*',
      ];

      test.each(odd)('may be %j', async (key) => {
        const stat = await created(store, key, key);
        expect(await store.head(key)).toEqual(stat);
        expect((await bytesOf(store.read(key))).toString()).toBe(key);
        expect((await all(store.list(''))).map((each) => each.key)).toEqual([key]);
        expect((await all(store.list(key.slice(0, 3)))).map((each) => each.key)).toEqual([key]);
      });

      test('of a folder and of something in it', async () => {
        await created(store, 'k/x', 'inner');
        expect(await store.head('k')).toBeUndefined();
        if (traits.flatKeys) {
          await created(store, 'k', 'outer');
          expect(await store.head('k')).toBeDefined();
        } else {
          await expect(store.put('k', Buffer.from('outer'), { ifAbsent: true })).rejects.toThrow(Refused);
          await created(store, 'f', 'file');
          await expect(store.put('f/x', Buffer.from('inner'), { ifAbsent: true })).rejects.toThrow(Refused);
          expect(await store.head('f/x')).toBeUndefined();
        }
        expect((await bytesOf(store.read('k/x'))).toString()).toBe('inner');
      });
    });

    describe('a listing', () => {
      test('is complete and in the order of the keys, for three pages of them', async () => {
        const keys = Array.from({ length: 2001 }, (_, index) => `c/${index % 7}/${index.toString(36)}.bin`);
        keys.push('c-1', 'c.1', 'c0', 'c/0/sub/x', 'c/0/sub-x', 'c/0/sub0', 'z/\u{fb01}', 'z/\u{1f916}', 'z/é');
        const queue = [...keys];
        await Promise.all(
          Array.from({ length: 32 }, async () => {
            for (let key = queue.pop(); key !== undefined; key = queue.pop()) await created(store, key, key);
          }),
        );
        const sorted = keys
          .map((key) => Buffer.from(key))
          .sort(Buffer.compare)
          .map(String);
        const listed = await all(store.list(''));
        expect(listed.map(({ key }) => key)).toEqual(sorted);
        expect(listed.every(({ key, size }) => size === Buffer.byteLength(key))).toBe(true);
        for (const prefix of ['c/', 'c/0/', 'c/0/su', 'c', 'c/0/sub/', 'nothing/', 'z/\u{1f916}']) {
          const expected = sorted.filter((key) => key.startsWith(prefix));
          expect((await all(store.list(prefix))).map(({ key }) => key)).toEqual(expected);
        }
      });

      test('has the tags that head has, and no metadata', async () => {
        await store.put('k', Buffer.from('x'), { ifAbsent: true }, { metadata: { sha256: 'abc' } });
        const [listed] = await all(store.list(''));
        const { metadata: _, ...expected } = (await store.head('k')) as ObjectStat;
        const { key, size, etag } = expected;
        expect(listed).toEqual(traits.thinListings ? { key, size, etag } : expected);
      });
    });

    describe('a copy within the store', () => {
      test('has the same bytes and is an object of its own', async () => {
        const data = randomBytes(300_000);
        const from = await created(store, 'a/1/w', data);
        const result = await store.copyWithin(from, 'a/2/w');
        expect(result).toMatchObject({ outcome: 'created', stat: { key: 'a/2/w', size: data.length } });
        expect((await bytesOf(store.read('a/2/w'))).equals(data)).toBe(true);
        expect(await store.head('a/2/w')).toEqual(result.stat);
      });

      test('never replaces', async () => {
        const from = await created(store, 'a', 'one');
        const stat = await created(store, 'b', 'two');
        expect(await store.copyWithin(from, 'b')).toEqual({ outcome: 'exists', stat });
        expect((await bytesOf(store.read('b'))).toString()).toBe('two');
      });

      test('is refused when what is to be copied changed or is gone', async () => {
        const from = await created(store, 'a', 'one');
        await expect(store.copyWithin({ ...from, etag: '1-1' }, 'b')).rejects.toThrow(StoreError);
        const { version: _, ...gone } = { ...from, key: 'gone' };
        await expect(store.copyWithin(gone, 'b')).rejects.toThrow(NotFound);
        expect(await store.head('b')).toBeUndefined();
      });
    });

    describe('an upload', () => {
      /** Sizes around the borders of two parts. */
      const sizes = (part: number) => [0, 1, part - 1, part, part + 1, 2 * part - 1, 2 * part, 2 * part + 1];
      const begin = (data: Uint8Array, key = 'a/1/w') => store.beginUpload(key, { size: data.length });

      test('of each size around the border of a part becomes that object, invisible until then', async () => {
        for (const size of sizes(store.limits.partSize(0))) {
          const data = randomBytes(size);
          const key = `a/1/${size}`;
          const upload = await begin(data, key);
          await sendAll(upload, data);
          expect(await store.head(key)).toBeUndefined();
          expect((await all(store.list(key))).length).toBe(0);
          const result = await upload.complete(sealOf(data), signal);
          expect(result).toMatchObject({ outcome: 'created', stat: { key, size } });
          expect(await store.head(key)).toEqual(result.stat);
          expect((await bytesOf(store.read(key))).equals(data)).toBe(true);
          expect(await all(store.uploads(''))).toEqual([]);
        }
      });

      test('takes its parts in any order and in parallel, unless it says that it does not', async () => {
        const probe = await begin(Buffer.alloc(1));
        const data = randomBytes(Math.floor(3.5 * probe.partSize));
        await probe.abort();
        const upload = await begin(data);
        if (upload.sequential) {
          await expect(sendPart(upload, data, 2)).rejects.toThrow(StoreError);
          await sendAll(upload, data);
        } else {
          await Promise.all([4, 2, 1, 3].map((number) => sendPart(upload, data, number)));
        }
        expect((await upload.parts()).map(({ number }) => number)).toEqual([1, 2, 3, 4]);
        await upload.complete(sealOf(data), signal);
        expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
      });

      test('takes a part again and keeps the last', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        await sendPart(upload, Buffer.alloc(1000), 1);
        await sendPart(upload, data, 1);
        await upload.complete(sealOf(data), signal);
        expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
      });

      test('refuses parts of other sizes and numbers', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        for (const [number, size] of [
          [1, 999],
          [1, 1001],
          [0, 1000],
          [2, 1000],
          [1.5, 1000],
        ] as const) {
          const bytes = Buffer.alloc(size);
          await expect(upload.writePart(number, bytes, Crc32c.ofBytes(bytes).base64, signal)).rejects.toThrow(
            StoreError,
          );
        }
        await upload.abort();
      });

      test('refuses a part whose bytes are not those that were hashed', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        const wrong = upload.writePart(1, data, Crc32c.ofBytes(Buffer.alloc(1000)).base64, signal);
        if (traits.checksParts) await expect(wrong).rejects.toThrow(StoreError);
        else await wrong;
        await upload.abort();
      });

      test('cannot be completed without all parts, nor with another size, and shows nothing then', async () => {
        const data = randomBytes(store.limits.partSize(0) + 1);
        const upload = await begin(data);
        await sendPart(upload, data, 1);
        await expect(upload.complete(sealOf(data), signal)).rejects.toThrow(StoreError);
        await sendPart(upload, data, 2);
        await expect(upload.complete({ ...sealOf(data), size: 1 }, signal)).rejects.toThrow(StoreError);
        expect(await store.head('a/1/w')).toBeUndefined();
        expect(await all(store.list(''))).toEqual([]);
        expect((await upload.complete(sealOf(data), signal)).outcome).toBe('created');
      });

      test('whose whole checksum is another is not published, where checksums are kept', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        await sendPart(upload, data, 1);
        const wrong = { ...sealOf(data), crc32c: Crc32c.ofBytes(Buffer.alloc(1000)).base64 };
        if (traits.keepsAttributes) {
          await expect(upload.complete(wrong, signal)).rejects.toThrow(StoreError);
          expect(await store.head('a/1/w')).toBeUndefined();
        }
        await upload.abort();
      });

      test('never replaces what was published meanwhile', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        await sendPart(upload, data, 1);
        const stat = await created(place.open(), 'a/1/w', 'other');
        expect(await upload.complete(sealOf(data), signal)).toEqual({ outcome: 'exists', stat });
        expect((await bytesOf(store.read('a/1/w'))).toString()).toBe('other');
        expect(await all(store.uploads(''))).toEqual([]);
      });

      test('of which two race for one key is published once', async () => {
        const data = [randomBytes(1000), randomBytes(1000)];
        const uploads = await Promise.all(data.map((bytes) => begin(bytes)));
        await Promise.all(uploads.map((upload, index) => sendPart(upload, data[index] as Buffer, 1)));
        const results = await Promise.all(
          uploads.map((upload, index) => upload.complete(sealOf(data[index] as Buffer), signal)),
        );
        expect(results.map(({ outcome }) => outcome).sort()).toEqual(['created', 'exists']);
        const winner = data[results.findIndex(({ outcome }) => outcome === 'created')] as Buffer;
        expect((await bytesOf(store.read('a/1/w'))).equals(winner)).toBe(true);
      });

      test('that is aborted is gone, and aborting it again is fine', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        await sendPart(upload, data, 1);
        await upload.abort();
        await upload.abort();
        await expect(upload.complete(sealOf(data), signal)).rejects.toThrow(StoreError);
        await expect(sendPart(upload, data, 1)).rejects.toThrow(StoreError);
        expect(await store.resumeUpload('a/1/w', upload.id, { size: 1000 })).toBeUndefined();
        expect(await store.head('a/1/w')).toBeUndefined();
      });

      test('is continued by another instance, which knows the parts', async () => {
        const data = randomBytes(2 * store.limits.partSize(0) + 5);
        const upload = await begin(data);
        await sendPart(upload, data, 1);
        await sendPart(upload, data, 2);
        const resumed = await place.open().resumeUpload('a/1/w', upload.id, { size: data.length });
        if (resumed === undefined) throw new Error('the upload was not there');
        expect(resumed).toMatchObject({ key: 'a/1/w', id: upload.id, partSize: upload.partSize });
        expect(await resumed.parts()).toEqual(
          [1, 2].map((number) => ({
            number,
            size: upload.partSize,
            crc32c: traits.forgetsPartChecksums ? '' : Crc32c.ofBytes(partOf(upload, data, number)).base64,
          })),
        );
        if (isRereadable(resumed)) {
          const range = { start: 3, end: 2 * upload.partSize };
          expect((await copiedBytes(resumed.readBack(range))).equals(data.subarray(range.start, range.end))).toBe(true);
        }
        await sendPart(resumed, data, 3);
        expect((await resumed.complete(sealOf(data), signal)).outcome).toBe('created');
        expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
      });

      test('is not continued under another key, size or id', async () => {
        const data = randomBytes(1000);
        const upload = await begin(data);
        if (traits.forgetsSize) await sendPart(upload, data, 1);
        const other = place.open();
        expect(await other.resumeUpload('a/1/v', upload.id, { size: 1000 })).toBeUndefined();
        expect(await other.resumeUpload('a/1/w', upload.id, { size: 1001 })).toBeUndefined();
        expect(await other.resumeUpload('a/1/w', '01ARZ3NDEKTSV4RRFFQ69G5FAV', { size: 1000 })).toBeUndefined();
        expect(await other.resumeUpload('a/1/w', '../../escape', { size: 1000 })).toBeUndefined();
        await (await other.resumeUpload('a/1/w', upload.id, { size: 1000 }))?.abort();
        await upload.abort();
      });

      test('is listed while it is unfinished, and can be aborted from the list', async () => {
        const before = Date.now() - 1000;
        const first = await begin(randomBytes(10), 'a/1/x');
        const second = await begin(randomBytes(10), 'a/2/x');
        const pending = await all(place.open().uploads('a/'));
        if (traits.hidesUploads) {
          expect(pending).toEqual([]);
          for (const each of [first, second]) await each.abort();
          return;
        }
        expect(pending.map(({ key, id }) => [key, id]).sort()).toEqual(
          [
            ['a/1/x', first.id],
            ['a/2/x', second.id],
          ].sort(),
        );
        for (const { startedAt } of pending) expect(startedAt.getTime()).toBeGreaterThan(before);
        expect((await all(store.uploads('a/1'))).map(({ id }) => id)).toEqual([first.id]);
        for (const each of pending) await each.abort();
        expect(await all(store.uploads(''))).toEqual([]);
      });

      test('stops when its signal does', async () => {
        const upload = await begin(randomBytes(10));
        const stopped = AbortSignal.abort(new Error('stop'));
        await expect(upload.writePart(1, Buffer.alloc(10), '', stopped)).rejects.toThrow('stop');
        await upload.abort();
      });
    });

    test('requests are counted by kind', async () => {
      const stat = await created(store, 'k', 'x');
      await store.head('k');
      await bytesOf(store.read('k'));
      await all(store.list(''));
      await store.copyWithin(stat, 'c');
      // Two parts: where the last is sent by `complete`, one would never be counted.
      const data = randomBytes(store.limits.partSize(0) + 1);
      const upload = await store.beginUpload('u', { size: data.length });
      await sendAll(upload, data);
      await upload.complete(sealOf(data), signal);
      for (const kind of ['put', 'head', 'get', 'list', 'copy', 'part', 'complete'] as const) {
        expect(store.requests[kind], kind).toBeGreaterThanOrEqual(1);
      }
    });
  });
}
