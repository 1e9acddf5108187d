import { afterAll, beforeEach, expect, test } from 'vitest';
import { HashPool } from '../../../lib/core/digest/hash-pool.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { hashObject } from '../../../lib/core/stage/hash-object.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type ObjectStat, type ReadOptions, StoreError } from '../../../lib/core/stores/store.ts';

const hashes = new HashPool(1);
const signal = new AbortController().signal;
const bytes = new Uint8Array(10_000).map((_, index) => index % 251);

/** Sends so many bytes of each answer, and then breaks off. */
class BreakingStore extends MemoryStore {
  readonly starts: number[] = [];
  sends = Infinity;
  retryable = true;

  override async *read(key: string, options: ReadOptions = {}): AsyncGenerator<Uint8Array> {
    const { start, end } = options.range ?? { start: 0, end: bytes.byteLength };
    this.starts.push(start);
    const until = Math.min(end, start + this.sends);
    yield* super.read(key, { ...options, range: { start, end: until } });
    if (until < end) throw new StoreError('the connection broke', { retryable: this.retryable });
  }
}

let store: BreakingStore;
let stat: ObjectStat;

beforeEach(async () => {
  store = new BreakingStore();
  await store.put('w', bytes, { ifAbsent: true });
  stat = (await store.head('w')) as ObjectStat;
});
afterAll(() => hashes.close());

test('an object whose connection breaks is read on from where it broke', async () => {
  store.sends = 4000;
  expect((await hashObject(store, stat, { hashes, signal })).equals(Sha256.ofBytes(bytes))).toBe(true);
  expect(store.starts).toEqual([0, 4000, 8000]);
});

test('an object that breaks off again and again is given up', async () => {
  store.sends = 1;
  await expect(hashObject(store, stat, { hashes, signal })).rejects.toThrow('the connection broke');
  expect(store.starts.length).toBeLessThan(10);
});

test.each([
  ['that sends nothing, since the store has tried for long', 0, true],
  ['that says that trying again is in vain', 10, false],
])('a store %s is not asked again', async (_, sends, retryable) => {
  Object.assign(store, { sends, retryable });
  await expect(hashObject(store, stat, { hashes, signal })).rejects.toThrow('the connection broke');
  expect(store.starts).toEqual([0]);
});
