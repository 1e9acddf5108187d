import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { KernelLock } from '../../../lib/core/stores/kernel-lock.ts';

let folder: string;
let path: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-lock-'));
  path = join(folder, 'lock.sqlite');
});

afterEach(() => rm(folder, { recursive: true, force: true }));

test('two locks on one file exclude each other within a process', () => {
  const one = new KernelLock(path);
  const two = new KernelLock(path);
  expect(one.tryAcquire()).toBe(true);
  expect(one.tryAcquire()).toBe(false);
  expect(two.tryAcquire()).toBe(false);
  one.release();
  expect(two.tryAcquire()).toBe(true);
  two.release();
  one.release();
});

test('many workers run one after the other, and all of them do', async () => {
  let inside = 0;
  let most = 0;
  const work = async () => {
    inside += 1;
    most = Math.max(most, inside);
    await new Promise((resolve) => setTimeout(resolve, 1));
    inside -= 1;
  };
  const locks = Array.from({ length: 10 }, () => new KernelLock(path));
  await Promise.all(Array.from({ length: 50 }, (_, index) => locks[index % 10]?.run(work)));
  expect(most).toBe(1);
});

test('work that fails lets go of the lock and does not stop who waits', async () => {
  const lock = new KernelLock(path);
  const failing = lock.run(() => Promise.reject(new Error('work failed')));
  const waiting = lock.run(async () => 'done');
  await expect(failing).rejects.toThrow('work failed');
  expect(await waiting).toBe('done');
  expect(new KernelLock(path).tryAcquire()).toBe(true);
});

test('nothing appears beside the file, and nothing is written into it', async () => {
  const lock = new KernelLock(path);
  await lock.run(async () => expect(await readdir(folder)).toEqual(['lock.sqlite']));
  expect(await readdir(folder)).toEqual(['lock.sqlite']);
  expect((await stat(path)).size).toBe(0);
});

test('waiting ends with the signal, and after two minutes with an error that may be retried', async () => {
  const holder = new KernelLock(path);
  holder.tryAcquire();
  const stop = new AbortController();
  const waiting = new KernelLock(path).run(async () => 'never', stop.signal);
  stop.abort(new Error('stop'));
  await expect(waiting).rejects.toThrow('stop');
  let now = 0;
  const clock = {
    now: () => new Date(now),
    sleep: async () => {
      now += 10_000;
    },
  };
  const impatient = new KernelLock(path, clock).run(async () => 'never').catch((error: unknown) => error);
  expect(await impatient).toMatchObject({ name: 'StoreError', retryable: true });
  holder.release();
});

test('a folder that is not there is an error, not a lock', () => {
  expect(() => new KernelLock(join(folder, 'no', 'lock.sqlite')).tryAcquire()).toThrow();
});

test('what is no database is an error, not a lock', () => {
  expect(() => new KernelLock(folder).tryAcquire()).toThrow();
});
