import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import type { Upload } from '../../../lib/core/stores/store.ts';
import { bytesOf } from '../../conformance/read-all.ts';
import { created, sealOf, sendAll, sendPart, signal } from '../../conformance/store-place.ts';
import type { Fault } from '../../servers/strict-gcs/faults.ts';
import { type RunningStrictGcs, startStrictGcs } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { type GcsTestBucket, gcsTestBucket, hurriedClock, partSize } from './gcs-place.ts';

let running: RunningStrictGcs;
let place: GcsTestBucket;
let data: Buffer;

beforeAll(async () => {
  running = await startStrictGcs();
});
beforeEach(() => {
  running.server.faults.clear();
  place = gcsTestBucket(running);
  data = randomBytes(3 * partSize + 7);
});
afterAll(() => running.stop());

const key = 'a/1/w';
const quick = () => place.open({ clock: hurriedClock() });
const begin = () => quick().beginUpload(key, { size: data.length });
const add = (fault: Fault) => running.server.faults.add(fault);
/** The request that finishes the session, and those that do not. */
const last = `upload_id=.*bytes ${3 * partSize}-`;
const chunk = (number: number) => `upload_id=.*bytes ${(number - 1) * partSize}-`;
const sessions = () => running.server.log.filter((line) => line.includes('upload_id='));
const stored = () => bytesOf(place.open().read(key));

async function sendAndSeal(upload: Upload) {
  await sendAll(upload, data);
  return await upload.complete(sealOf(data), signal);
}

describe('an upload session of the strict fake', () => {
  test.each(['drop-before', 'drop-after'] as const)('goes on after a part without an answer (%s)', async (action) => {
    add({ match: chunk(2), action });
    expect((await sendAndSeal(await begin())).outcome).toBe('created');
    expect((await stored()).equals(data)).toBe(true);
  });

  test('of which the server keeps less than was sent gets the rest', async () => {
    const wide = place.open({ partSize: 4 * partSize });
    data = randomBytes(9 * partSize);
    add({ match: 'bytes 0-', action: 'keep', keep: partSize });
    add({ match: `bytes ${partSize}-`, action: 'keep', keep: partSize });
    const upload = await wide.beginUpload(key, { size: data.length });
    expect((await sendAndSeal(upload)).outcome).toBe('created');
    expect((await stored()).equals(data)).toBe(true);
  });

  test('is continued inside a part where another process left it there', async () => {
    const wide = place.open({ partSize: 4 * partSize, clock: hurriedClock() });
    data = randomBytes(9 * partSize);
    const upload = await wide.beginUpload(key, { size: data.length });
    add({ match: 'bytes 0-', action: 'keep', keep: 3 * partSize });
    add({ match: `bytes ${3 * partSize}-`, action: 'drop-before', times: 100 });
    await expect(sendPart(upload, data, 1)).rejects.toThrow(/connection/);
    running.server.faults.clear();
    const other = await quick().resumeUpload(key, upload.id, { size: data.length });
    expect(other?.partSize).toBe(4 * partSize);
    expect(await other?.parts()).toEqual([]);
    const before = sessions().length;
    await sendPart(other as Upload, data, 1);
    expect(sessions().slice(before)).toEqual([expect.stringContaining(` bytes ${3 * partSize}-${4 * partSize - 1}/`)]);
    expect((await sendAndSeal(other as Upload)).outcome).toBe('created');
    expect((await stored()).equals(data)).toBe(true);
  });

  test.each(['drop-before', 'drop-after'] as const)(
    'is finished once where the answer to that was lost (%s)',
    async (action) => {
      add({ match: last, action });
      expect((await sendAndSeal(await begin())).outcome).toBe('created');
      expect(place.bucket.all(true)).toHaveLength(1);
      expect((await stored()).equals(data)).toBe(true);
    },
  );

  test('is known as finished by a later try, when every answer was lost', async () => {
    const upload = await begin();
    await sendAll(upload, data);
    add({ match: last, action: 'drop-after' });
    add({ match: 'fields=', action: 'drop-before', times: 4 });
    add({ match: 'GET /storage', action: 'status', status: 503, times: 100 });
    await expect(upload.complete(sealOf(data), signal)).rejects.toThrow();
    running.server.faults.clear();
    expect((await upload.complete(sealOf(data), signal)).outcome).toBe('created');
  });

  test('that lost against other bytes while its answer was lost says so', async () => {
    const upload = await begin();
    await sendAll(upload, data);
    const other = await created(place.open(), key, 'other');
    add({ match: last, action: 'drop-after' });
    expect(await upload.complete(sealOf(data), signal)).toEqual({ outcome: 'exists', stat: other });
  });

  test.each([1, 2, 4])('never shows a byte that changed on its way in part %i', async (number) => {
    const upload = await begin();
    add({ match: number === 4 ? last : chunk(number), action: 'flip' });
    await expect(sendAndSeal(upload)).rejects.toMatchObject({ name: 'StoreError', freshUpload: true });
    expect(await place.open().head(key)).toBeUndefined();
    expect(place.bucket.all(true)).toEqual([]);
    expect(await place.open().resumeUpload(key, upload.id, { size: data.length })).toBeUndefined();
  });

  test('takes no other bytes than the checksum that was declared at its beginning', async () => {
    const crc32c = Crc32c.ofBytes(data).base64;
    const upload = await quick().beginUpload(key, { size: data.length, crc32c });
    expect((await sendAndSeal(upload)).outcome).toBe('created');
    const other = await quick().beginUpload('b', { size: data.length, crc32c });
    data = randomBytes(data.length);
    await sendAll(other, data);
    await expect(other.complete(sealOf(data), signal)).rejects.toThrow(/another checksum/);
    await expect(other.complete({ ...sealOf(data), crc32c: undefined }, signal)).rejects.toThrow(/refuses bytes/);
    expect(await place.open().head('b')).toBeUndefined();
    const wrong = await quick().resumeUpload('b', other.id, { size: data.length, crc32c: sealOf(data).crc32c });
    expect(wrong).toBeUndefined();
  });

  test('is gone after a week, and says that only a new one helps', async () => {
    const upload = await begin();
    await sendPart(upload, data, 1);
    running.server.sessions.advanced = 7 * 24 * 3600 + 60;
    try {
      expect(await quick().resumeUpload(key, upload.id, { size: data.length })).toBeUndefined();
      await expect(sendPart(upload, data, 2)).rejects.toMatchObject({ name: 'StoreError', freshUpload: true });
      await upload.abort();
    } finally {
      running.server.sessions.advanced = 0;
    }
  });

  test('waits while it is told that there are too many requests', async () => {
    add({ match: chunk(2), action: 'status', status: 429, times: 8 });
    add({ match: last, action: 'status', status: 429, times: 3, retryAfter: 2 });
    expect((await sendAndSeal(await begin())).outcome).toBe('created');
  });

  test('sends each byte once, and asks nothing, while all goes well', async () => {
    const store = quick();
    await sendAndSeal(await store.beginUpload(key, { size: data.length }));
    expect(store.requests).toEqual({ put: 1, part: 3, complete: 1 });
  });

  test('is continued at no other server than where it was begun', async () => {
    const before = running.server.sessions.open;
    const upload = await begin();
    const elsewhere = upload.id.replace(/^http:\/\/[^/]+/, 'http://127.0.0.1:9');
    expect(await quick().resumeUpload(key, elsewhere, { size: data.length })).toBeUndefined();
    expect(running.server.sessions.open).toBe(before + 1);
    await upload.abort();
    expect(running.server.sessions.open).toBe(before);
  });

  test('that fails does not tell its address', async () => {
    const upload = await begin();
    await upload.abort();
    const failures = await Promise.allSettled([sendPart(upload, data, 1), upload.complete(sealOf(data), signal)]);
    add({ match: chunk(1), action: 'status', status: 500, times: 100 });
    const other = await begin();
    failures.push(...(await Promise.allSettled([sendPart(other, data, 1)])));
    expect(failures.map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect(
      JSON.stringify(failures.map((each) => (each.status === 'rejected' ? [each.reason, String(each.reason)] : []))),
    ).not.toMatch(/upload_id|http:/);
    await other.abort();
  });
});
