/**
 * A process of its own for the tests that kill one: `node store-child.ts JOB ROOT [ARGUMENT]`.
 * Says each thing that it has done on a line of its own.
 */
import { writeSync } from 'node:fs';
import { join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { Crc32c } from '../../lib/core/digest/crc32c.ts';
import { DirectoryStore } from '../../lib/core/stores/directory-store.ts';
import { KernelLock } from '../../lib/core/stores/kernel-lock.ts';
import { bytesOf } from './read-all.ts';
import { uploadBytes, uploadKey } from './upload-fixture.ts';

const [job, root = '', argument = ''] = process.argv.slice(2);
const store = new DirectoryStore({ url: 'file:./mirror', root });
const signal = new AbortController().signal;

/** At once, even if the next moment is the last. */
function say(text: string): void {
  writeSync(1, `${text}\n`);
}

async function upload(): Promise<void> {
  const bytes = uploadBytes();
  const mine = await store.beginUpload(uploadKey, { size: bytes.length });
  say(`id ${mine.id}`);
  for (let number = 1; (number - 1) * mine.partSize < bytes.length; number += 1) {
    const part = bytes.subarray((number - 1) * mine.partSize, number * mine.partSize);
    await mine.writePart(number, part, Crc32c.ofBytes(part).base64, signal);
    say(`part ${number}`);
  }
  const seal = { size: bytes.length, sha256: '', crc32c: undefined };
  if (argument === 'complete') say((await mine.complete(seal, signal)).outcome);
  else await new Promise((resolve) => setTimeout(resolve, 600_000));
}

/** Adds one to the number in `counter`, `argument` times. */
async function count(): Promise<void> {
  for (let done = 0; done < Number(argument); ) {
    const stat = await store.head('counter');
    if (stat === undefined) throw new Error('no counter');
    const value = JSON.parse((await bytesOf(store.read('counter'))).toString()) as { count: string; pad: string };
    const next = { count: String(Number(value.count) + 1).padStart(6, '0'), pad: value.pad };
    const result = await store.put('counter', Buffer.from(JSON.stringify(next)), { ifMatch: stat.etag });
    if (result.outcome !== 'created') continue;
    done += 1;
    say(`counted ${next.count}`);
  }
}

async function create(): Promise<void> {
  const result = await store.put('only', Buffer.from(argument), { ifAbsent: true });
  say(result.outcome);
}

async function hold(): Promise<void> {
  await new KernelLock(join(root, '.weighbridge', 'lock.sqlite')).run(async () => {
    say('locked');
    await new Promise((resolve) => setTimeout(resolve, 600_000));
  });
}

/** Does a worker thread get the lock that this thread holds? */
async function thread(): Promise<void> {
  const lock = join(root, '.weighbridge', 'lock.sqlite');
  const url = JSON.stringify(new URL('../../lib/core/stores/kernel-lock.ts', import.meta.url).href);
  const code = `import(${url}).then(({ KernelLock }) => require('node:worker_threads').parentPort.postMessage(new KernelLock(${JSON.stringify(lock)}).tryAcquire()))`;
  const ask = () => new Promise((resolve) => new Worker(code, { eval: true }).once('message', resolve));
  await new KernelLock(lock).run(async () => say(`while held ${await ask()}`));
  say(`afterwards ${await ask()}`);
}

/** What a process without the right to write is told. */
async function denied(): Promise<void> {
  for (const attempt of [
    () => store.put('a/new', Buffer.from('x'), { ifAbsent: true }),
    () => store.beginUpload('a/new', { size: 1 }),
    () => store.head('closed/x'),
    () => bytesOf(store.read('closed/x')),
    () => bytesOf(store.read('a/closed')),
  ]) {
    say(
      await attempt().then(
        () => 'no error',
        (error: Error) => `${error.name}: ${error.message}`,
      ),
    );
  }
  say((await bytesOf(store.read('a/open'))).toString());
}

const jobs: Record<string, () => Promise<void>> = { upload, count, create, hold, thread, denied };
try {
  await jobs[job ?? '']?.();
} catch (error) {
  say(`failed: ${(error as Error).message}`);
  process.exitCode = 1;
}
