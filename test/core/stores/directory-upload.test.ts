import { appendFile, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { StoreError, type Upload } from '../../../lib/core/stores/store.ts';
import { bytesOf } from '../../conformance/read-all.ts';
import { sealOf, sendAll, sendPart } from '../../conformance/store-place.ts';
import { type DirectoryPlace, directoryPlace, workingFiles } from './directory-place.ts';

const partSize = 8 * 1024 * 1024;
const data = Buffer.alloc(2 * partSize + 10, 'weights');
const request = { size: data.length };
const signal = new AbortController().signal;

let place: DirectoryPlace;
let store: DirectoryStore;
let upload: Upload;

const file = (suffix: string) => join(place.root, '.weighbridge', upload.id + suffix);
const numbers = async (resumed: Upload | undefined) => (await resumed?.parts())?.map(({ number }) => number);

beforeEach(async () => {
  place = await directoryPlace();
  store = place.open();
  upload = await store.beginUpload('a/1/w', request);
});

afterEach(() => place.close());

test('a handle whose upload was resumed elsewhere in the process can no longer write or complete', async () => {
  await sendPart(upload, data, 1);
  const resumed = await place.open().resumeUpload('a/1/w', upload.id, request);
  await expect(sendPart(upload, data, 2)).rejects.toThrow(StoreError);
  await expect(upload.complete(sealOf(data), signal)).rejects.toThrow(StoreError);
  expect(await numbers(resumed)).toEqual([1]);
});

test('an upload that was let go of can be resumed', async () => {
  await sendPart(upload, data, 2);
  await upload.detach?.();
  const resumed = await place.open().resumeUpload('a/1/w', upload.id, request);
  expect(await numbers(resumed)).toEqual([2]);
});

test('a journal line that a crash cut off counts for nothing', async () => {
  await sendPart(upload, data, 1);
  await upload.detach?.();
  await appendFile(file('.journal'), '\n{"part":2,"size":83886');
  const resumed = await store.resumeUpload('a/1/w', upload.id, request);
  if (resumed === undefined) throw new Error('the upload is gone');
  expect(await numbers(resumed)).toEqual([1]);
  await sendPart(resumed, data, 2);
  await resumed.detach?.();
  expect(await numbers(await store.resumeUpload('a/1/w', upload.id, request))).toEqual([1, 2]);
});

test('a journal whose first line a crash cut off is no upload', async () => {
  await upload.detach?.();
  await writeFile(file('.journal'), (await readFile(file('.journal'), 'utf8')).slice(0, 20));
  expect(await store.resumeUpload('a/1/w', upload.id, request)).toBeUndefined();
});

test('parts written before another boot count only if their bytes are still the same', async () => {
  await sendAll(upload, data);
  await upload.detach?.();
  const journal = await readFile(file('.journal'), 'utf8');
  await writeFile(file('.journal'), journal.replace(/"host":"[^"]*"/, '"host":"before the power went"'));
  const lost = await open(file('.data'), 'r+');
  await lost.write(Buffer.alloc(4096), 0, 4096, partSize + 5);
  await lost.close();
  const resumed = await store.resumeUpload('a/1/w', upload.id, request);
  if (resumed === undefined) throw new Error('the upload is gone');
  expect(await numbers(resumed)).toEqual([1, 3]);
  await expect(resumed.complete(sealOf(data), signal)).rejects.toThrow(/part 2 of a\/1\/w is missing/);
  await sendPart(resumed, data, 2);
  await resumed.complete(sealOf(data), signal);
  expect((await bytesOf(store.read('a/1/w'))).equals(data)).toBe(true);
  expect(await workingFiles(place.root)).toEqual([]);
});

test('parts may lie in memory that threads share', async () => {
  const shared = new Uint8Array(new SharedArrayBuffer(partSize));
  shared.fill(7);
  await upload.writePart(1, shared, '', signal);
  const written = await open(file('.data'), 'r');
  const { buffer } = await written.read(Buffer.alloc(partSize), 0, partSize, 0);
  await written.close();
  expect(buffer.every((byte) => byte === 7)).toBe(true);
});

test('an upload that somebody else aborted fails to write and to complete, and shows nothing', async () => {
  await sendAll(upload, data);
  for await (const pending of place.open().uploads('')) await pending.abort();
  await expect(sendPart(upload, data, 1)).rejects.toThrow(StoreError);
  await expect(upload.complete(sealOf(data), signal)).rejects.toThrow(StoreError);
  await upload.abort();
  expect(await store.head('a/1/w')).toBeUndefined();
});
