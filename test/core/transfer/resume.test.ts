import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { SourceError } from '../../../lib/core/sources/source.ts';
import type { MemoryPart, MemoryPending } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { StoreError, type Upload } from '../../../lib/core/stores/store.ts';
import type { TransferJob } from '../../../lib/core/transfer/transfer-job.ts';
import { transferObject } from '../../../lib/core/transfer/transfer-object.ts';
import { type ScriptedSource, scriptedSource } from '../../support/scripted-source.ts';
import {
  type KeptCheckpoint,
  keptCheckpoint,
  patternBytes,
  type TestPorts,
  transferPorts,
} from '../../support/transfer-ports.ts';

const part = 256 * 1024;
const bytes = patternBytes(6 * part + 12_345);
const sha256 = Sha256.ofBytes(bytes);
const key = 'c/1/w.bin';
const small = { partSize: part, singlePut: part };

let ports: TestPorts;
let checkpoints: KeptCheckpoint;

beforeEach(() => {
  ports = transferPorts();
  checkpoints = keptCheckpoint();
});
afterEach(async () => {
  await ports.hashes.close();
});

function job(store: MemoryStore, source: ScriptedSource, more: Partial<TransferJob> = {}): TransferJob {
  return { id: 'weights', source, size: bytes.length, sha256, store, key, attributes: {}, checkpoints, ...more };
}

/** Leaves an upload of which three parts are in the checkpoint. */
async function interrupted(store: MemoryStore): Promise<MemoryPending> {
  const cut = scriptedSource({
    bytes,
    async before(offset) {
      if (offset < 3 * part) return;
      while (checkpoints.current?.offset !== 3 * part) await new Promise((resolve) => setTimeout(resolve, 1));
      throw new SourceError('broken', 'gone');
    },
  });
  await expect(transferObject(job(store, cut), ports)).rejects.toThrow('gone');
  const [pending] = store.bucket.uploads.values();
  if (pending === undefined) throw new Error('the test is wrong');
  return pending;
}

function expectWhole(store: MemoryStore): void {
  const stored = store.bucket.latest(key)?.bytes ?? Buffer.alloc(0);
  expect(Buffer.compare(stored, bytes)).toBe(0);
  expect(store.bucket.uploads.size).toBe(0);
}

describe('an upload of which the store holds something else than the checkpoint says', () => {
  it.each([1, 2, 3])('begins anew when the store lists no part %i any more', async (lost) => {
    const store = new MemoryStore(small);
    const pending = await interrupted(store);
    pending.parts.delete(lost);
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length);
    expectWhole(store);
  });

  it('begins anew when a part there has other bytes than were hashed', async () => {
    const store = new MemoryStore(small);
    const pending = await interrupted(store);
    const other = patternBytes(part, 7);
    pending.parts.set(2, { number: 2, size: part, crc32c: Crc32c.ofBytes(other).base64, bytes: other });
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length);
    expectWhole(store);
  });

  it('goes on from what is left where that can be read again', async () => {
    const store = new MemoryStore({ ...small, rereadable: true });
    const pending = await interrupted(store);
    pending.parts.delete(2);
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length - part);
    expectWhole(store);
  });

  it('writes parts again that were sent after the checkpoint', async () => {
    const store = new MemoryStore(small);
    const pending = await interrupted(store);
    const late = patternBytes(part, 9);
    pending.parts.set(4, { number: 4, size: part, crc32c: Crc32c.ofBytes(late).base64, bytes: late });
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length - 3 * part);
    expectWhole(store);
  });

  it('believes a session that tells only how far it came, as far as the checkpoint', async () => {
    const store = new MemoryStore({ ...small, sequential: true });
    const pending = await interrupted(store);
    withoutChecksums(pending.parts);
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length - 3 * part);
    expectWhole(store);
  });

  it('begins anew when a session came less far than the checkpoint', async () => {
    const store = new MemoryStore({ ...small, sequential: true });
    const pending = await interrupted(store);
    withoutChecksums(pending.parts);
    pending.parts.delete(3);
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length);
    expectWhole(store);
  });

  it('begins anew, at once, with an object of few parts: its hash could not be saved', async () => {
    const store = new MemoryStore({ ...small, partSize: 2 * part });
    const cut = scriptedSource({
      bytes,
      async before(offset) {
        if (offset < 4 * part) return;
        while (checkpoints.current?.offset !== 4 * part) await new Promise((resolve) => setTimeout(resolve, 1));
        throw new SourceError('broken', 'gone');
      },
    });
    await expect(transferObject(job(store, cut), ports)).rejects.toThrow('gone');
    const source = scriptedSource({ bytes });
    await transferObject(job(store, source), ports);
    expect(source.served()).toBe(bytes.length);
    expectWhole(store);
  });
});

function withoutChecksums(parts: Map<number, MemoryPart>): void {
  for (const [number, each] of parts) parts.set(number, { ...each, crc32c: '' });
}

/** A store whose first uploads do what `spoil` makes of them. */
function spoiling(store: MemoryStore, spoil: (upload: Upload, count: number) => void): MemoryStore {
  const begin = store.beginUpload.bind(store);
  let count = 0;
  store.beginUpload = async (...args) => {
    const upload = await begin(...args);
    count += 1;
    spoil(upload, count);
    return upload;
  };
  return store;
}

const everyPartAgain = () => Promise.reject(new StoreError('409: begin a new upload', { freshUpload: true }));

describe.each([{ sequential: false }, { sequential: true }])('an upload that can only be begun anew (%o)', (kind) => {
  it('is begun anew once when its completion says so', async () => {
    const store = spoiling(new MemoryStore({ ...small, ...kind }), (upload, count) => {
      if (count === 1) upload.complete = everyPartAgain;
    });
    const source = scriptedSource({ bytes });
    const { put } = await transferObject(job(store, source), ports);
    expect(put.outcome).toBe('created');
    expect(source.served()).toBe(2 * bytes.length);
    expectWhole(store);
  });

  it('is begun anew when it expires half way', async () => {
    const store = new MemoryStore({ ...small, ...kind });
    let expired = false;
    const source = scriptedSource({
      bytes,
      before(offset) {
        if (offset < 3 * part || expired) return;
        expired = true;
        store.bucket.uploads.clear();
      },
    });
    await transferObject(job(store, source), ports);
    expectWhole(store);
    expect(checkpoints.current).toBeUndefined();
  });

  it('is an error when that happens again', async () => {
    const store = spoiling(new MemoryStore({ ...small, ...kind }), (upload) => {
      upload.complete = everyPartAgain;
    });
    await expect(transferObject(job(store, scriptedSource({ bytes })), ports)).rejects.toThrow('409');
    expect(await store.head(key)).toBeUndefined();
  });

  it('is done where the object is there: somebody else finished it', async () => {
    const store = spoiling(new MemoryStore({ ...small, ...kind }), (upload) => {
      const complete = upload.complete.bind(upload);
      upload.complete = async (...args) => {
        await complete(...args);
        throw new StoreError('NoSuchUpload', { freshUpload: true });
      };
    });
    const source = scriptedSource({ bytes });
    const { put } = await transferObject(job(store, source), ports);
    expect(put).toMatchObject({ outcome: 'exists', stat: { size: bytes.length } });
    expect(source.served()).toBe(bytes.length);
    expectWhole(store);
  });
});

describe('a CRC32C that is known beforehand', () => {
  const crc32c = Crc32c.ofBytes(bytes).base64;

  it('is told to the store', async () => {
    const requests: (string | undefined)[] = [];
    const store = spoiling(new MemoryStore(small), ({ request }) => requests.push(request.crc32c));
    await transferObject(job(store, scriptedSource({ bytes }), { crc32c }), ports);
    expect(requests).toEqual([crc32c]);
    expectWhole(store);
  });

  it.each([part, 100 * part])(
    'is refused before anything is visible when the bytes have another (%i)',
    async (most) => {
      const store = new MemoryStore({ ...small, singlePut: most });
      const transfer = transferObject(job(store, scriptedSource({ bytes }), { crc32c: 'AAAAAA==' }), ports);
      await expect(transfer).rejects.toMatchObject({ outcome: 'wrong-digest', evidence: { expected: 'AAAAAA==' } });
      expect(await store.head(key)).toBeUndefined();
      expect(store.bucket.uploads.size).toBe(0);
      expect(checkpoints.current).toBeUndefined();
    },
  );
});
