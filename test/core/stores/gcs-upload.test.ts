import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { GcsStore } from '../../../lib/core/stores/gcs-store.ts';
import type { Upload } from '../../../lib/core/stores/store.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';
import { StrictBucket } from '../../servers/strict-gcs/strict-bucket.ts';
import { patternBytes } from '../../support/transfer-ports.ts';

const kibibyte = 1024;
const partSize = 1024 * kibibyte;
const key = 'c/1/w.bin';
const never = new AbortController().signal;

let running: RunningStrictGcs;
beforeAll(async () => {
  running = await startStrictGcs();
});
afterAll(() => running.stop());

function newStore(): GcsStore {
  const bucket = `b-${randomUUID()}`;
  running.server.buckets.set(bucket, new StrictBucket(bucket, { settings: {}, writeInterval: 0 }));
  const storage = storageWithToken(running.url, running.token);
  return new GcsStore({ url: `gs://${bucket}`, bucket, prefix: '', storage, partSize });
}

async function writeParts(upload: Upload, bytes: Buffer, numbers: readonly number[]): Promise<void> {
  for (const number of numbers) {
    const part = Buffer.from(bytes.subarray((number - 1) * partSize, number * partSize));
    await upload.writePart(number, part, Crc32c.ofBytes(part).base64, never);
    // As a transfer does with its buffers.
    part.fill(0);
  }
}

function sealOf(bytes: Buffer) {
  return { size: bytes.length, sha256: '', crc32c: Crc32c.ofBytes(bytes).base64 };
}

async function stored(store: GcsStore): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read(key)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

describe('the last part of a GCS upload', () => {
  it.each([
    [2 * partSize + 1, 2],
    [2 * partSize + 256 * kibibyte, 2],
    [2 * partSize + 256 * kibibyte + 1, 3],
    [3 * partSize - 1, 3],
    [3 * partSize, 3],
  ])('is sent but for its end, which comes with the checksum of the whole (%i bytes)', async (size, sent) => {
    const store = newStore();
    const bytes = patternBytes(size, size);
    const upload = await store.beginUpload(key, { size });
    await writeParts(upload, bytes, [1, 2, 3]);
    expect(await store.head(key)).toBeUndefined();
    expect(store.requests.part).toBe(sent);
    const put = await upload.complete(sealOf(bytes), never);
    expect(put).toMatchObject({ outcome: 'created', stat: { size } });
    expect(store.requests).toMatchObject({ put: 1, part: sent, complete: 1 });
    expect(Buffer.compare(await stored(store), bytes)).toBe(0);
  });

  it('may have been sent but for its end when another process goes on', async () => {
    const store = newStore();
    const bytes = patternBytes(3 * partSize - 5);
    const request = { size: bytes.length };
    const first = await store.beginUpload(key, request);
    await writeParts(first, bytes, [1, 2, 3]);
    const second = await store.resumeUpload(key, first.id, request);
    expect((await second?.parts())?.map(({ number }) => number)).toEqual([1, 2]);
    if (second === undefined) return;
    const before = store.requests.part;
    await writeParts(second, bytes, [3]);
    expect(store.requests.part).toBe(before);
    await second.complete(sealOf(bytes), never);
    expect(Buffer.compare(await stored(store), bytes)).toBe(0);
  });

  it('makes no object of other bytes than the checksum of the whole', async () => {
    const store = newStore();
    const bytes = patternBytes(3 * partSize);
    const upload = await store.beginUpload(key, { size: bytes.length });
    await writeParts(upload, bytes, [1, 2, 3]);
    const seal = { ...sealOf(bytes), crc32c: Crc32c.ofBytes(Buffer.from('other')).base64 };
    await expect(upload.complete(seal, never)).rejects.toMatchObject({ freshUpload: true });
    expect(await store.head(key)).toBeUndefined();
  });
});
