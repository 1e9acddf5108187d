import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { MemoryBudget } from '../../../lib/core/transfer/memory-budget.ts';
import type { TransferPorts } from '../../../lib/core/transfer/transfer-job.ts';
import { transferObject } from '../../../lib/core/transfer/transfer-object.ts';
import { cutOff, scriptedSource } from '../../support/scripted-source.ts';
import { keptCheckpoint, patternBytes, type TestPorts, transferPorts } from '../../support/transfer-ports.ts';

const page = 64 * 1024;

let ports: TestPorts;
beforeEach(() => {
  ports = transferPorts();
});
afterEach(async () => {
  await ports.hashes.close();
});

/** Numbers in [0, 1) that are the same in every run. */
function sequence(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 48_271) % 2_147_483_647;
    return state / 2_147_483_647;
  };
}

interface Crowd {
  readonly objects: number;
  readonly partSize: number;
  readonly sequential: boolean;
  readonly memory: MemoryBudget;
  /** Does every third object break for good, half way? */
  readonly faults: boolean;
}

/** Transfers that many objects at once out of one budget, with waits of odd lengths everywhere. */
async function moveCrowd({ objects, partSize, sequential, memory, faults }: Crowd): Promise<number> {
  const store = new MemoryStore({ partSize, singlePut: partSize, sequential });
  const random = sequence(objects * partSize);
  const shared: TransferPorts = { ...ports, memory };
  const moved = Array.from({ length: objects }, async (_, index) => {
    const bytes = patternBytes(partSize + Math.floor(random() * 8 * partSize) + 1, index + 1);
    const broken = faults && index % 3 === 0;
    let cuts = 0;
    const source = scriptedSource({
      bytes,
      chunk: 16 * 1024,
      ranges: index % 5 !== 4,
      async before(offset) {
        if (random() < 0.2) await new Promise((resolve) => setTimeout(resolve, random() * 4));
        if (random() < 0.02 && cuts++ < 2) throw cutOff();
        if (broken && offset > bytes.length / 2) throw new Error('broken for good');
      },
    });
    const key = `c/1/${index}`;
    const wanted = { size: bytes.length, sha256: Sha256.ofBytes(bytes) };
    const job = { id: key, source, store, key, attributes: {}, checkpoints: keptCheckpoint(), ...wanted };
    await transferObject(job, shared).catch((error: unknown) => {
      if (!broken) throw error;
    });
    const stored = store.bucket.latest(key)?.bytes;
    if (broken) expect(stored).toBeUndefined();
    else expect(Buffer.compare(stored ?? Buffer.alloc(0), bytes)).toBe(0);
  });
  await Promise.all(moved);
  return store.bucket.keys().length;
}

describe.each([{ sequential: true }, { sequential: false }])('many transfers that share little memory (%o)', (kind) => {
  it.each([2, 3, 4, 7])('all end when it holds %i parts', async (parts) => {
    const memory = new MemoryBudget(parts * page);
    expect(await moveCrowd({ objects: 24, partSize: page, memory, faults: false, ...kind })).toBe(24);
  });

  it('all end when a part is larger than all of it', async () => {
    const memory = new MemoryBudget(page);
    expect(await moveCrowd({ objects: 12, partSize: 3 * page, memory, faults: false, ...kind })).toBe(12);
  });

  it('all end, and give back what they had, when some of them break', async () => {
    const memory = new MemoryBudget(3 * page);
    expect(await moveCrowd({ objects: 24, partSize: page, memory, faults: true, ...kind })).toBe(16);
    const never = new AbortController().signal;
    const all = await Promise.all(Array.from({ length: 3 }, () => memory.acquire(page, never)));
    expect(new Set(all.map(({ bytes }) => bytes.byteOffset)).size).toBe(3);
  });
});

it('of a part larger than the memory one is fetched while the other is written and hashed', async () => {
  const partSize = 4 * page;
  const bytes = patternBytes(6 * partSize);
  const store = new MemoryStore({ partSize, singlePut: partSize });
  const reading = new Set<number>();
  let together = 0;
  const source = scriptedSource({
    bytes,
    chunk: page,
    async before(offset) {
      reading.add(Math.floor(offset / partSize));
      together = Math.max(together, reading.size);
      await new Promise((resolve) => setTimeout(resolve, 1));
      if (offset % partSize === partSize - page) reading.delete(Math.floor(offset / partSize));
    },
  });
  const wanted = { size: bytes.length, sha256: Sha256.ofBytes(bytes) };
  const job = { id: 'w', source, store, key: 'c/1/w', attributes: {}, checkpoints: keptCheckpoint(), ...wanted };
  await transferObject(job, { ...ports, memory: new MemoryBudget(page) });
  expect(together).toBe(2);
});
