import { randomBytes, randomUUID } from 'node:crypto';
import type { Bucket } from '@google-cloud/storage';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Crc32c } from '../../lib/core/digest/crc32c.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from './strict-gcs/start-strict-gcs.ts';

let running: RunningStrictGcs;
let bucket: Bucket;

beforeAll(async () => {
  running = await startStrictGcs();
});
beforeEach(() => {
  const name = `b-${randomUUID()}`;
  running.server.addBucket(name, { versioning: { enabled: true } });
  bucket = storageWithToken(running.url, running.token).bucket(name);
});
afterAll(() => running.stop());

const quarter = 256 * 1024;

describe("the strict fake of GCS under Google's own client", () => {
  test('takes a simple and a resumable upload, and gives the bytes back', async () => {
    const size = 4 * quarter;
    const data = randomBytes(size - 5);
    const metadata = { metadata: { a: 'b' } };
    const preconditionOpts = { ifGenerationMatch: 0 };
    for (const [name, chunkSize] of [
      ['chunks', quarter],
      ['simple', undefined],
      ['whole', size],
    ] as const) {
      const file = bucket.file(name);
      if (chunkSize === undefined) {
        await file.save(data, { resumable: false, preconditionOpts, metadata });
      } else {
        // Left to begin the session itself, the client sends no token to an endpoint that is not Google's.
        const [uri] = await file.createResumableUpload({ preconditionOpts, metadata });
        await file.save(data, { resumable: true, uri, chunkSize });
      }
      const [found] = await file.getMetadata();
      expect(found).toMatchObject({
        crc32c: Crc32c.ofBytes(data).base64,
        size: String(data.length),
        metadata: { a: 'b' },
      });
      expect((await file.download())[0].equals(data)).toBe(true);
      await expect(
        file.save('x', { resumable: false, preconditionOpts: { ifGenerationMatch: 0 } }),
      ).rejects.toMatchObject({
        code: 412,
      });
    }
    expect((await bucket.getFiles())[0].map(({ name }) => name)).toEqual(['chunks', 'simple', 'whole']);
  });

  test('keeps generations, copies and removes under conditions', async () => {
    const file = bucket.file('k');
    await file.save('one', { resumable: false });
    const { generation = 0 } = file.metadata;
    await file.save('two', { resumable: false });
    expect((await bucket.file('k', { generation }).download())[0].toString()).toBe('one');
    await bucket.file('k', { generation }).copy(bucket.file('old'));
    expect((await bucket.file('old').download())[0].toString()).toBe('one');
    const versions = await bucket.getFiles({ versions: true, prefix: 'k' });
    expect(versions[0]).toHaveLength(2);
    await expect(bucket.file('k').delete({ ifGenerationMatch: generation })).rejects.toMatchObject({ code: 412 });
    await bucket.file('k').delete();
    expect((await bucket.file('k').exists())[0]).toBe(false);
  });
});

describe('the strict fake of GCS refuses', () => {
  const base = () => `${running.url}/upload/storage/v1/b/${bucket.name}/o`;
  const headers = () => ({ authorization: `Bearer ${running.token}` });
  const begin = async (size: number, resource: object = {}) => {
    const body = JSON.stringify(resource);
    const sized = { ...headers(), 'x-upload-content-length': String(size) };
    const answer = await fetch(`${base()}?uploadType=resumable&name=k`, { method: 'POST', headers: sized, body });
    return answer.headers.get('location') ?? '';
  };
  const send = async (uri: string, range: string, bytes: Buffer, more: Record<string, string> = {}) => {
    const answer = await fetch(uri, {
      method: 'PUT',
      headers: { 'content-range': `bytes ${range}`, ...more },
      body: bytes,
    });
    return [answer.status, answer.headers.get('range')];
  };
  const data = randomBytes(2 * quarter + 5);
  const size = data.length;

  test('chunks that are no multiple of 256 KiB, gaps, other sizes and empty hands', async () => {
    const uri = await begin(size);
    expect(await send(uri, `0-99999/${size}`, data.subarray(0, 100_000))).toEqual([400, null]);
    expect(await send(uri, `${quarter}-${2 * quarter - 1}/${size}`, data.subarray(quarter, 2 * quarter))).toEqual([
      400,
      null,
    ]);
    expect(await send(uri, `0-${quarter - 1}/${size + 1}`, data.subarray(0, quarter))).toEqual([400, null]);
    expect(await send(uri, `*/${size}`, Buffer.alloc(0))).toEqual([308, null]);
    expect((await fetch(`${base()}?uploadType=media&name=k`, { method: 'POST', body: 'x' })).status).toBe(401);
  });

  test('nothing of an overlap, which it ignores', async () => {
    const uri = await begin(size);
    expect(await send(uri, `0-${quarter - 1}/${size}`, data.subarray(0, quarter))).toEqual([
      308,
      `bytes=0-${quarter - 1}`,
    ]);
    const again = Buffer.concat([Buffer.alloc(quarter), data.subarray(quarter, 2 * quarter)]);
    expect(await send(uri, `0-${2 * quarter - 1}/${size}`, again)).toEqual([308, `bytes=0-${2 * quarter - 1}`]);
    expect(await send(uri, `${2 * quarter}-${size - 1}/${size}`, data.subarray(2 * quarter))).toEqual([200, null]);
    expect((await bucket.file('k').download())[0].equals(data)).toBe(true);
    expect(await send(uri, `*/${size}`, Buffer.alloc(0))).toEqual([200, null]);
  });

  test('bytes without the checksum that was declared, and ends the session', async () => {
    const wrong = Crc32c.ofBytes(Buffer.from('other')).base64;
    const declared = await begin(size, { crc32c: wrong });
    expect(await send(declared, `0-${size - 1}/${size}`, data)).toEqual([400, null]);
    expect(await send(declared, `*/${size}`, Buffer.alloc(0))).toEqual([404, null]);
    const uri = await begin(size);
    const hash = { 'x-goog-hash': `crc32c=${wrong}` };
    expect(await send(uri, `0-${size - 1}/${size}`, data, hash)).toEqual([400, null]);
    expect((await bucket.file('k').exists())[0]).toBe(false);
  });

  test('a session that was cancelled', async () => {
    const uri = await begin(size);
    expect((await fetch(uri, { method: 'DELETE' })).status).toBe(499);
    expect(await send(uri, `*/${size}`, Buffer.alloc(0))).toEqual([499, null]);
  });
});
