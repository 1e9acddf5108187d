import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { SourceError } from '../../../lib/core/sources/source.ts';
import { DirectoryStore } from '../../../lib/core/stores/directory-store.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { Store } from '../../../lib/core/stores/store.ts';
import type { TransferJob } from '../../../lib/core/transfer/transfer-job.ts';
import { transferObject } from '../../../lib/core/transfer/transfer-object.ts';
import { cutOff, type ScriptedSource, scriptedSource } from '../../support/scripted-source.ts';
import {
  type KeptCheckpoint,
  keptCheckpoint,
  patternBytes,
  type TestPorts,
  transferPorts,
} from '../../support/transfer-ports.ts';

const part = 256 * 1024;
const bytes = patternBytes(5 * part + 12_345);
const sha256 = Sha256.ofBytes(bytes);

let ports: TestPorts;
let folder: string;
let checkpoints: KeptCheckpoint;

beforeEach(async () => {
  ports = transferPorts();
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-transfer-'));
  checkpoints = keptCheckpoint();
});
afterEach(async () => {
  await ports.hashes.close();
  await rm(folder, { recursive: true, force: true });
});

function job(store: Store, source: ScriptedSource, more: Partial<TransferJob> = {}): TransferJob {
  return {
    id: 'weights',
    source,
    size: bytes.length,
    sha256,
    store,
    key: 'c/1/w.bin',
    attributes: {},
    checkpoints,
    ...more,
  };
}

async function contentOf(store: Store): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of store.read('c/1/w.bin')) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** Everything before is written and in the checkpoint by the time that upstream goes away. */
async function goneAfterThreeParts(offset: number): Promise<void> {
  if (offset < 3 * part) return;
  while (checkpoints.current?.offset !== 3 * part) await new Promise((resolve) => setTimeout(resolve, 1));
  throw new SourceError('broken', 'gone');
}

const small = { partSize: part, singlePut: part };
const stores: readonly [string, () => Store][] = [
  ['a store whose parts cannot be read back', () => new MemoryStore(small)],
  ['a store that takes parts in order only', () => new MemoryStore({ ...small, sequential: true })],
  ['a store whose parts can be read back', () => new MemoryStore({ ...small, rereadable: true })],
];

describe.each(stores)('a transfer into %s', (_, open) => {
  it('moves the object by ranges and proves it', async () => {
    const store = open();
    const source = scriptedSource({ bytes });
    const result = await transferObject(job(store, source), ports);
    expect(result.put.outcome).toBe('created');
    expect(result.crc32c).toEqual(Crc32c.ofBytes(bytes));
    expect((await contentOf(store)).equals(bytes)).toBe(true);
    expect(source.reads.every((range) => range !== undefined)).toBe(true);
    expect(ports.fetched()).toBe(bytes.length);
    expect(checkpoints.current).toBeUndefined();
  });

  it('continues a range where its connection broke', async () => {
    const store = open();
    let cuts = 0;
    const source = scriptedSource({
      bytes,
      before(offset) {
        if (offset > 2 * part && cuts < 2) {
          cuts += 1;
          throw cutOff();
        }
      },
    });
    await transferObject(job(store, source), ports);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
    expect(ports.fetched()).toBe(bytes.length);
    expect(ports.events.filter(({ type }) => type === 'retry')).toHaveLength(2);
  });

  it('goes on from its checkpoint after it was cut off for good', async () => {
    const store = open();
    const cut = scriptedSource({
      bytes,
      before: goneAfterThreeParts,
    });
    await expect(transferObject(job(store, cut), ports)).rejects.toThrow('gone');
    expect(await store.head('c/1/w.bin')).toBeUndefined();
    expect(checkpoints.current?.offset).toBe(3 * part);
    const whole = scriptedSource({ bytes });
    await transferObject(job(store, whole), ports);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
    expect(whole.served()).toBe(bytes.length - 3 * part);
  });

  it('begins anew when upstream has another version than the checkpoint', async () => {
    const store = open();
    const cut = scriptedSource({
      bytes,
      before: goneAfterThreeParts,
    });
    await expect(transferObject(job(store, cut), ports)).rejects.toThrow('gone');
    const replaced = scriptedSource({ bytes, version: '"v2"' });
    await transferObject(job(store, replaced), ports);
    expect(replaced.served()).toBe(bytes.length);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
  });

  it('falls back to one stream when upstream has no ranges', async () => {
    const store = open();
    const source = scriptedSource({ bytes, refusesRanges: true });
    await transferObject(job(store, source), ports);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
    expect(source.reads.at(-1)).toBeUndefined();
  });

  it('starts a stream over when it breaks', async () => {
    const store = open();
    let broken = false;
    const source = scriptedSource({
      bytes,
      ranges: false,
      before(offset) {
        if (offset > 2 * part && !broken) {
          broken = true;
          throw cutOff();
        }
      },
    });
    await transferObject(job(store, source), ports);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
  });

  it('never shows an object with one wrong byte, and leaves no upload behind', async () => {
    const store = open();
    const wrong = Buffer.from(bytes);
    wrong[4 * part] = (wrong[4 * part] as number) ^ 1;
    await expect(transferObject(job(store, scriptedSource({ bytes: wrong })), ports)).rejects.toMatchObject({
      outcome: 'wrong-digest',
      evidence: { expected: sha256.hex, actual: Sha256.ofBytes(wrong).hex },
    });
    expect(await store.head('c/1/w.bin')).toBeUndefined();
    for await (const upload of store.uploads('')) expect(upload).toBeUndefined();
    expect(checkpoints.current).toBeUndefined();
  });

  it('tells that somebody else was first', async () => {
    const store = open();
    await store.put('c/1/w.bin', Buffer.from('theirs'), { ifAbsent: true });
    const { put } = await transferObject(job(store, scriptedSource({ bytes })), ports);
    expect(put).toMatchObject({ outcome: 'exists', stat: { size: 6 } });
    expect((await contentOf(store)).toString()).toBe('theirs');
  });

  it.each([
    ['aborts nothing, when another process took it over', 1, ['c/1/w.bin']],
    ['aborts what no checkpoint ever named, when another process was first', 0, []],
  ])('stops, and %s', async (_, saves, left) => {
    const store = open();
    let saved = 0;
    const taken = {
      ...checkpoints,
      save: async () => {
        saved += 1;
        return saved <= saves;
      },
    };
    const source = scriptedSource({
      bytes,
      async before(offset) {
        while (offset >= 3 * part && saved < saves) await new Promise((resolve) => setTimeout(resolve, 1));
      },
    });
    const promise = transferObject(job(store, source, { checkpoints: taken }), ports);
    await expect(promise).rejects.toMatchObject({ name: 'TransferTakenOver' });
    const uploads: string[] = [];
    for await (const upload of store.uploads('')) uploads.push(upload.key);
    expect(uploads).toEqual(left);
  });

  it('keeps the checkpoint when it is interrupted', async () => {
    const store = open();
    const controller = new AbortController();
    const stoppable = { ...ports, signal: controller.signal };
    const source = scriptedSource({
      bytes,
      async before(offset) {
        if (offset < 3 * part) return;
        while (checkpoints.current === undefined) await new Promise((resolve) => setTimeout(resolve, 1));
        controller.abort(new Error('Ctrl-C'));
      },
    });
    await expect(transferObject(job(store, source), stoppable)).rejects.toThrow('Ctrl-C');
    expect(checkpoints.current?.offset).toBeGreaterThan(0);
  });
});

describe('a transfer', () => {
  it.each([0, 1, part - 1, part, part + 1, 2 * part, 3 * part - 1])('moves %i bytes', async (size) => {
    const store = new MemoryStore(small);
    const some = bytes.subarray(0, size);
    const digest = Sha256.ofBytes(some);
    await transferObject(job(store, scriptedSource({ bytes: some }), { size, sha256: digest }), ports);
    expect((await contentOf(store)).equals(some)).toBe(true);
  });

  it('restarts once from zero when what an earlier attempt left turns out wrong', async () => {
    const store = new MemoryStore({ ...small, rereadable: true });
    const wrong = Buffer.from(bytes);
    wrong[0] = (wrong[0] as number) ^ 1;
    const cut = scriptedSource({
      bytes: wrong,
      before: goneAfterThreeParts,
    });
    await expect(transferObject(job(store, cut), ports)).rejects.toThrow('gone');
    await transferObject(job(store, scriptedSource({ bytes })), ports);
    expect((await contentOf(store)).equals(bytes)).toBe(true);
  });

  it('runs ahead of its slowest part by no more than its window', async () => {
    const store = new MemoryStore(small);
    const many = patternBytes(20 * part);
    let furthest = 0;
    let atRelease = 0;
    const source = scriptedSource({
      bytes: many,
      async before(offset) {
        furthest = Math.max(furthest, offset);
        if (offset !== 64 * 1024) return;
        // The first part stalls for as long as anything else can still move.
        for (let seen = -1; seen !== furthest; ) {
          seen = furthest;
          await new Promise((resolve) => setTimeout(resolve, 100));
        }
        atRelease = furthest;
      },
    });
    const wanted = { size: many.length, sha256: Sha256.ofBytes(many) };
    await transferObject(job(store, source, wanted), { ...ports, ranges: 2 });
    // Two parts being fetched and one ahead.
    expect(atRelease).toBeGreaterThan(2 * part);
    expect(atRelease).toBeLessThan(3 * part);
  });

  it('leaves nothing in a directory but the object and the lock', async () => {
    const store = new DirectoryStore({ url: 'file:mirror', root: folder });
    const large = patternBytes(3 * (8 << 20) + 7);
    const wanted = { size: large.length, sha256: Sha256.ofBytes(large) };
    await transferObject(job(store, scriptedSource({ bytes: large }), wanted), ports);
    expect((await contentOf(store)).equals(large)).toBe(true);
    const names = await readdir(folder, { recursive: true });
    expect(names.filter((name) => !name.includes('c')).sort()).toEqual(['.weighbridge']);
  });
});
