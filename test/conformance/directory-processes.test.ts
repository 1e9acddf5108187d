import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { DirectoryStore } from '../../lib/core/stores/directory-store.ts';
import { isRereadable } from '../../lib/core/stores/store.ts';
import { type DirectoryPlace, directoryPlace, workingFiles } from '../core/stores/directory-place.ts';
import { type Child, startChild } from './child-process.ts';
import { all, bytesOf, copiedBytes } from './read-all.ts';
import { sealOf, sendPart } from './store-place.ts';
import { uploadBytes, uploadKey } from './upload-fixture.ts';

const signal = new AbortController().signal;
const counterText = (count: number) =>
  JSON.stringify({ count: String(count).padStart(6, '0'), pad: 'x'.repeat(30_000) });

let place: DirectoryPlace;
let store: DirectoryStore;
let children: Child[];

const start = (job: string, argument?: string) => {
  const child = startChild(job, place.root, argument);
  children.push(child);
  return child;
};
const counted = async () => Number(JSON.parse((await bytesOf(store.read('counter'))).toString()).count);

beforeEach(async () => {
  place = await directoryPlace();
  store = place.open();
  children = [];
});

afterEach(async () => {
  for (const child of children) child.signal('SIGKILL');
  await Promise.all(children.map(({ ended }) => ended));
  await place.close();
});

describe('an upload whose process is killed', () => {
  test.each([1, 4, 9])(
    'after part %i is continued from what it had written, and nothing of it was visible',
    async (after) => {
      const bytes = uploadBytes();
      const child = start('upload');
      await child.said(new RegExp(`^part ${after}$`));
      child.signal('SIGKILL');
      await child.ended;
      expect(await store.head(uploadKey)).toBeUndefined();
      expect(await all(store.list(''))).toEqual([]);

      const [pending, ...others] = await all(store.uploads(''));
      expect(others).toEqual([]);
      expect(child.lines[0]).toBe(`id ${pending?.id}`);
      const upload = await store.resumeUpload(uploadKey, pending?.id ?? '', { size: bytes.length });
      if (upload === undefined) throw new Error('the upload is gone');
      const written = (await upload.parts()).map(({ number }) => number);
      expect(written).toEqual(expect.arrayContaining(Array.from({ length: after }, (_, index) => index + 1)));
      if (!isRereadable(upload)) throw new Error('a directory can be read again');
      const prefix = { start: 0, end: after * upload.partSize };
      expect((await copiedBytes(upload.readBack(prefix))).equals(bytes.subarray(0, prefix.end))).toBe(true);

      for (let number = 1; number <= 10; number += 1) {
        if (!written.includes(number)) await sendPart(upload, bytes, number);
      }
      await upload.complete(sealOf(bytes), signal);
      expect((await bytesOf(store.read(uploadKey))).equals(bytes)).toBe(true);
      expect(await workingFiles(place.root)).toEqual([]);
    },
  );

  test('at any moment is published whole or not at all, and leaves nothing after the next run', async () => {
    const bytes = uploadBytes();
    for (let round = 0; round < 6; round += 1) {
      const child = start('upload', 'complete');
      await child.said(/^part 10$/);
      const timer = setTimeout(() => child.signal('SIGKILL'), round * 8);
      await child.ended;
      clearTimeout(timer);
      store = place.open();
      const stat = await store.head(uploadKey);
      if (stat !== undefined) expect((await bytesOf(store.read(uploadKey))).equals(bytes)).toBe(true);
      for (const pending of await all(store.uploads(''))) await pending.abort();
      await store.put(`round ${round}`, Buffer.from('x'), { ifAbsent: true });
      expect(await workingFiles(place.root)).toEqual([]);
    }
  });

  test('is not taken from a process that is only stopped, which can finish it when it wakes', async () => {
    const bytes = uploadBytes();
    const child = start('upload', 'complete');
    const id = (await child.said(/^id /)).slice(3);
    child.signal('SIGSTOP');
    expect(await store.resumeUpload(uploadKey, id, { size: bytes.length })).toBeUndefined();
    await store.put('other', Buffer.from('x'), { ifAbsent: true });
    child.signal('SIGCONT');
    expect(await child.ended).toBe(0);
    expect(child.lines.at(-1)).toBe('created');
    expect((await bytesOf(store.read(uploadKey))).equals(bytes)).toBe(true);
  });

  test('may be aborted while its process is stopped, which then does no harm', async () => {
    const child = start('upload', 'complete');
    await child.said(/^part 2$/);
    child.signal('SIGSTOP');
    for (const pending of await all(store.uploads(''))) await pending.abort();
    child.signal('SIGCONT');
    expect(await child.ended).toBe(1);
    expect(child.lines.at(-1)).toMatch(/^failed: /);
    expect(await workingFiles(place.root)).toEqual([]);
    expect(await store.head(uploadKey)).toBeUndefined();
    expect(await all(store.list(''))).toEqual([]);
    expect(await all(place.open().uploads(''))).toEqual([]);
  });
});

describe('a swap', () => {
  beforeEach(async () => {
    await store.put('counter', Buffer.from(counterText(0)), { ifAbsent: true });
  });

  test('waits for the process that holds the lock, without blocking, and goes on when that is killed', async () => {
    const child = start('hold');
    await child.said(/^locked$/);
    let turns = 0;
    const ticking = setInterval(() => {
      turns += 1;
    }, 5);
    const stat = await store.head('counter');
    const swap = store.put('counter', Buffer.from(counterText(1)), { ifMatch: stat?.etag ?? '' });
    const early = await Promise.race([swap, new Promise((resolve) => setTimeout(resolve, 300, 'still waiting'))]);
    expect(early).toBe('still waiting');
    expect(turns).toBeGreaterThan(5);
    clearInterval(ticking);
    child.signal('SIGKILL');
    expect((await swap).outcome).toBe('created');
    expect(await counted()).toBe(1);
  });

  test('of a killed process happened or did not; every reader sees a whole document', async () => {
    let reading = true;
    const reader = (async () => {
      let reads = 0;
      while (reading) {
        expect(await counted()).toBeGreaterThanOrEqual(0);
        reads += 1;
      }
      return reads;
    })();
    let least = 0;
    for (let round = 0; round < 6; round += 1) {
      const child = start('count', '100000');
      await child.said(/^counted/);
      await new Promise((resolve) => setTimeout(resolve, 20 + round * 7));
      child.signal('SIGKILL');
      await child.ended;
      const said = child.lines.length;
      const now = await counted();
      // One swap may have happened that the process had no time to say.
      expect(now - least - said).toBeGreaterThanOrEqual(0);
      expect(now - least - said).toBeLessThanOrEqual(1);
      least = now;
    }
    reading = false;
    expect(await reader).toBeGreaterThan(0);
    await place.open().put('next', Buffer.from('x'), { ifAbsent: true });
    expect(await workingFiles(place.root)).toEqual([]);
  });

  test('is not lost among eight processes', async () => {
    const writers = Array.from({ length: 8 }, () => start('count', '6'));
    expect(await Promise.all(writers.map(({ ended }) => ended))).toEqual(writers.map(() => 0));
    expect(await counted()).toBe(48);
    expect(new Set(writers.flatMap(({ lines }) => lines)).size).toBe(48);
  });
});

test('one of six processes creates an object', async () => {
  const writers = Array.from({ length: 6 }, (_, index) => start('create', `process ${index}`));
  await Promise.all(writers.map(({ ended }) => ended));
  expect(writers.map(({ lines }) => lines[0]).sort()).toEqual(['created', ...Array(5).fill('exists')]);
  const winner = writers.findIndex(({ lines }) => lines[0] === 'created');
  expect((await bytesOf(store.read('only'))).toString()).toBe(`process ${winner}`);
});

test('a worker thread does not get the lock that another thread holds', async () => {
  await store.put('x', Buffer.from('x'), { ifAbsent: true });
  const child = start('thread');
  expect(await child.ended).toBe(0);
  expect(child.lines).toEqual(['while held false', 'afterwards true']);
});

// Only the superuser can become somebody who has no rights.
test.skipIf(process.getuid?.() !== 0)('who may not write or read is told so, by key and not by path', async () => {
  await store.put('a/open', Buffer.from('open'), { ifAbsent: true });
  await store.put('a/closed', Buffer.from('x'), { ifAbsent: true });
  await mkdir(join(place.root, 'closed'), { mode: 0o700 });
  await writeFile(join(place.root, 'closed', 'x'), 'x');
  await chmod(join(place.root, 'a/closed'), 0o600);
  await chmod(join(place.root, '..'), 0o755);
  const child = startChild('denied', place.root, '', 65534);
  children.push(child);
  expect(await child.ended).toBe(0);
  expect(child.lines).toEqual([
    'NotAuthorised: writing a/new: the file system denies access',
    'NotAuthorised: beginning a/new: the file system denies access',
    'NotAuthorised: looking at closed/x: the file system denies access',
    'NotAuthorised: reading closed/x: the file system denies access',
    'NotAuthorised: reading a/closed: the file system denies access',
    'open',
  ]);
});
