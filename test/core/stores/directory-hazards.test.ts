import { execFileSync } from 'node:child_process';
import { link, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotFound, Refused } from '../../../lib/core/errors.ts';
import { processIdentity } from '../../../lib/core/state/process-identity.ts';
import type { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { scratchName } from '../../../lib/core/stores/scratch-files.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { all, bytesOf } from '../../conformance/read-all.ts';
import { type DirectoryPlace, directoryPlace, workingFiles } from './directory-place.ts';

let place: DirectoryPlace;
let store: DirectoryStore;
/** A folder beside the mirror that nothing may ever reach. */
let outside: string;

const put = (key: string, text = key) => store.put(key, Buffer.from(text), { ifAbsent: true });

beforeEach(async () => {
  place = await directoryPlace();
  store = place.open();
  outside = join(place.root, '..', 'outside');
  await mkdir(outside);
  await writeFile(join(outside, 'secret'), 'secret');
});

afterEach(() => place.close());

describe('a key', () => {
  const hostile = ['', '/', '/etc/x', '..', '../x', 'a/../../x', 'a/..', 'a//b', 'a/', './x', 'a/.', 'a\0b', '\ud800'];
  const own = ['.weighbridge/x', '.weighbridge', '.WeighBridge/lock.sqlite', '.WEIGHBRIDGE/x'];

  test.each([...hostile, ...own])('that leaves the mirror or enters its own folder is refused: %j', async (key) => {
    await expect(put(key, 'x')).rejects.toThrow(StoreError);
    await expect(store.beginUpload(key, { size: 1 })).rejects.toThrow(StoreError);
    await expect(store.head(key)).rejects.toThrow(StoreError);
    await expect(bytesOf(store.read(key))).rejects.toThrow(StoreError);
    expect(await all(store.list(''))).toEqual([]);
    expect(await readdir(outside)).toEqual(['secret']);
  });

  test('longer than the file system takes is an error that names it, and no local path', async () => {
    const failure = await put(`a/${'x'.repeat(256)}`).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(StoreError);
    expect(String((failure as Error).message)).toMatch(/a\/x+: the name is too long/);
    expect(JSON.stringify([failure, String((failure as Error).cause)])).not.toContain(place.root);
  });
});

describe('two names that another file system would take for one', () => {
  test.each([
    ['a/1/model.bin', 'a/1/MODEL.bin'],
    ['a/1/x', 'A/1/x'],
    ['a/1/é', 'a/1/e\u0301'],
    ['a/1/stra\u00dfe', 'a/1/STRASSE'],
    ['a/1/\u212a', 'a/1/k'],
  ])('%j and %j are refused, also by another instance', async (first, second) => {
    await put(first);
    await expect(put(second)).rejects.toThrow(Refused);
    store = place.open();
    await expect(put(second)).rejects.toMatchObject({ reason: 'names-collide' });
    await expect(store.beginUpload(second, { size: 1 })).rejects.toThrow(Refused);
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual([first]);
    expect(await workingFiles(place.root)).toEqual([]);
  });

  test('are refused while both are being written', async () => {
    const results = await Promise.allSettled(['k', 'K', 'k', 'K'].map((key) => put(key)));
    expect(results.some(({ status }) => status === 'rejected')).toBe(true);
    expect(await all(store.list(''))).toHaveLength(1);
  });

  test('may follow one another when the first was removed', async () => {
    await put('a/k');
    await rm(join(place.root, 'a/k'));
    expect((await put('a/K')).outcome).toBe('created');
  });
});

describe('a symbolic link in the mirror', () => {
  beforeEach(async () => {
    await put('a/1/x');
    await symlink(outside, join(place.root, 'a', 'folder'));
    await symlink(join(outside, 'secret'), join(place.root, 'a', 'file'));
    await symlink(join(outside, 'nothing'), join(place.root, 'a', 'dangling'));
  });

  test('is never followed by head, read or list', async () => {
    for (const key of ['a/file', 'a/folder/secret', 'a/dangling', 'a/folder']) {
      expect(await store.head(key)).toBeUndefined();
      await expect(bytesOf(store.read(key))).rejects.toThrow(NotFound);
    }
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['a/1/x']);
    expect(await all(store.list('a/folder/'))).toEqual([]);
  });

  test('is never written through', async () => {
    for (const key of ['a/folder/new', 'a/folder/deep/new', 'a/file', 'a/dangling', 'a/folder']) {
      await expect(put(key), key).rejects.toThrow(StoreError);
      const swap = await store.put(key, Buffer.from('x'), { ifMatch: '6-1' }).catch((error: unknown) => error);
      expect(swap, key).not.toMatchObject({ outcome: 'created' });
    }
    expect(await readdir(outside)).toEqual(['secret']);
    expect(await readFile(join(outside, 'secret'), 'utf8')).toBe('secret');
    expect(await workingFiles(place.root)).toEqual([]);
  });

  test('and everything else that is no object is named to who asks', async () => {
    execFileSync('mkfifo', [join(place.root, 'a', 'pipe')]);
    await writeFile(Buffer.concat([Buffer.from(join(place.root, 'a', 'bad-')), Buffer.from([0xff])]), '');
    expect(await store.head('a/pipe')).toBeUndefined();
    await expect(bytesOf(store.read('a/pipe'))).rejects.toThrow(NotFound);
    expect(await all(store.foreign(''))).toEqual([
      { key: 'a/bad-\ufffd', what: 'unreadable name' },
      { key: 'a/dangling', what: 'symbolic link' },
      { key: 'a/file', what: 'symbolic link' },
      { key: 'a/folder', what: 'symbolic link' },
      { key: 'a/pipe', what: 'special file' },
    ]);
    expect((await all(store.list(''))).map(({ key }) => key)).toEqual(['a/1/x']);
  });

  test('may be the root itself', async () => {
    const linked = join(place.root, '..', 'linked');
    await symlink(place.root, linked);
    const { DirectoryStore } = await import('../../../lib/core/stores/directory-store.ts');
    const other = new DirectoryStore({ url: 'file:linked', root: linked });
    expect((await other.head('a/1/x'))?.size).toBe(5);
    expect((await other.put('a/2/y', Buffer.from('y'), { ifAbsent: true })).outcome).toBe('created');
    expect((await all(other.list('a/2/'))).map(({ key }) => key)).toEqual(['a/2/y']);
  });

  test("may not be the store's own folder", async () => {
    await rm(join(place.root, '.weighbridge'), { recursive: true });
    await symlink(outside, join(place.root, '.weighbridge'));
    store = place.open();
    await expect(put('a/1/y')).rejects.toThrow(/not a folder/);
    expect(await readdir(outside)).toEqual(['secret']);
  });
});

describe('a mirror', () => {
  test('is not made by looking at it', async () => {
    expect(await store.head('a')).toBeUndefined();
    expect(await all(store.list(''))).toEqual([]);
    expect(await all(store.uploads(''))).toEqual([]);
    expect(await store.freeBytes()).toBeGreaterThan(0);
    await store.sync();
    await expect(stat(place.root)).rejects.toThrow();
  });

  test('can be read by others, its working folder cannot', async () => {
    await put('a/1/x');
    const umask = process.umask();
    expect((await stat(join(place.root, 'a/1/x'))).mode & 0o777).toBe(0o666 & ~umask);
    expect((await stat(join(place.root, 'a/1'))).mode & 0o777).toBe(0o777 & ~umask);
    expect((await stat(join(place.root, '.weighbridge'))).mode & 0o777).toBe(0o700);
  });

  test('goes on when an empty folder was removed under it', async () => {
    await put('a/1/x');
    await rm(join(place.root, 'a'), { recursive: true });
    expect((await put('a/1/y')).outcome).toBe('created');
    await store.sync();
  });

  test('has copies that do not share their bytes on disk', async () => {
    const { stat: from } = await put('a/1/x');
    if (from === undefined) throw new Error('a/1/x is not there');
    await store.copyWithin(from, 'a/2/x');
    await writeFile(join(place.root, 'a/1/x'), 'damaged');
    expect((await bytesOf(store.read('a/2/x'))).toString()).toBe('a/1/x');
  });

  test('changes the tag of an object that was damaged in place', async () => {
    const { stat: before } = await put('a/1/x', 'right');
    await writeFile(join(place.root, 'a/1/x'), 'wrong');
    expect((await store.head('a/1/x'))?.etag).not.toBe(before?.etag);
  });
});

describe('what a dead process left', () => {
  const ofDeadProcess = () => scratchName().replace(`-${process.pid}-`, '-4194999-');
  const leave = async (name: string) => {
    await mkdir(join(place.root, '.weighbridge'), { recursive: true });
    await writeFile(join(place.root, '.weighbridge', name), 'x');
  };

  test('is cleared by the next writer; what a living one writes is not', async () => {
    const mine = scratchName();
    await leave(ofDeadProcess());
    await leave(scratchName().replace(`-${processIdentity().processStart}-`, '-1-'));
    await leave(mine);
    await put('a/1/x');
    expect(await workingFiles(place.root)).toEqual([mine]);
  });

  test('on another host is cleared only when it is old', async () => {
    const name = scratchName().replace(/^tmp-[0-9a-f]+/, 'tmp-000000000000');
    await leave(name);
    await put('a/1/x');
    expect(await workingFiles(place.root)).toEqual([name]);
    const { DirectoryStore } = await import('../../../lib/core/stores/directory-store.ts');
    const later = { now: () => new Date(Date.now() + 2 * 3_600_000), sleep: async () => {} };
    const tomorrow = new DirectoryStore({ url: 'file:x', root: place.root, clock: later });
    await tomorrow.put('a/1/y', Buffer.from('y'), { ifAbsent: true });
    expect(await workingFiles(place.root)).toEqual([]);
  });

  test('between publishing an upload and clearing it is never written again', async () => {
    const upload = await store.beginUpload('a/1/x', { size: 3 });
    await upload.writePart(1, Buffer.from('abc'), '', new AbortController().signal);
    await upload.detach?.();
    // The state in which a kill right after the link leaves the folder.
    await link(join(place.root, '.weighbridge', `${upload.id}.data`), join(place.root, 'a/1/x'));
    expect(await all(store.uploads(''))).toEqual([]);
    expect(await store.resumeUpload('a/1/x', upload.id, { size: 3 })).toBeUndefined();
    expect(await workingFiles(place.root)).toEqual([]);
    expect((await bytesOf(store.read('a/1/x'))).toString()).toBe('abc');
  });

  test.each([['.journal'], ['.data'], ['.lock', '.journal']])(
    'of an upload without its %s is cleared',
    async (...suffixes) => {
      const upload = await store.beginUpload('a/1/x', { size: 3 });
      await upload.detach?.();
      for (const suffix of suffixes) await rm(join(place.root, '.weighbridge', upload.id + suffix));
      expect(await store.resumeUpload('a/1/x', upload.id, { size: 3 })).toBeUndefined();
      const { DirectoryStore } = await import('../../../lib/core/stores/directory-store.ts');
      const later = { now: () => new Date(Date.now() + 120_000), sleep: async () => {} };
      const next = new DirectoryStore({ url: 'file:x', root: place.root, clock: later });
      await next.put('k', Buffer.from('k'), { ifAbsent: true });
      expect(await workingFiles(place.root)).toEqual([]);
    },
  );
});
