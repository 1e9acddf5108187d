import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { HashPool } from '../../../lib/core/digest/hash-pool.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { KeptHashes } from '../../../lib/core/pipeline/kept-hashes.ts';
import { hashObject } from '../../../lib/core/stage/hash-object.ts';
import { MemoryState } from '../../../lib/core/state/memory-state.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import type { ReadOptions } from '../../../lib/core/stores/store.ts';

const every = 1 << 20;
let hashes: HashPool;

beforeEach(() => {
  hashes = new HashPool(1);
});
afterEach(() => hashes.close());

describe('proving a large object', () => {
  it('goes on where a call before had come to, and leaves nothing behind', async () => {
    const bytes = Buffer.alloc(every + (768 << 10), 'weights');
    const store = new MemoryStore();
    const put = await store.put('models/1.0.0/weights', bytes, { ifAbsent: true });
    if (put.stat === undefined) throw new Error('nothing was written');
    const work = new MemoryState();
    const hashStates = new KeptHashes(work, every);
    const interrupted = new AbortController();
    const asked: (number | undefined)[] = [];
    const read = store.read.bind(store);
    store.read = async function* (key: string, options: ReadOptions = {}) {
      asked.push(options.range?.start);
      let at = options.range?.start ?? 0;
      for await (const piece of read(key, options)) {
        yield piece;
        at += piece.byteLength;
        if (asked.length === 1 && at > every) interrupted.abort(new Error('out of time'));
      }
    };
    const first = hashObject(store, put.stat, { hashes, signal: interrupted.signal, hashStates });
    await expect(first).rejects.toThrow('out of time');
    expect(await work.list('hashing/')).toHaveLength(1);
    const { signal } = new AbortController();
    const digest = await hashObject(store, put.stat, { hashes, signal, hashStates });
    expect(digest.hex).toBe(Sha256.ofBytes(bytes).hex);
    expect(asked).toEqual([undefined, every]);
    expect(await work.list('hashing/')).toEqual([]);
  });
});
