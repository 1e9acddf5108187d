import { expect, test } from 'vitest';
import { BucketState } from '../../../lib/core/state/bucket-state.ts';
import { MemoryBucket } from '../../../lib/core/stores/memory-bucket.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { type ObjectAttributes, type PutCondition, StoreError } from '../../../lib/core/stores/store.ts';
import { stateSuite } from '../../conformance/state-suite.ts';
import { ManualClock } from './manual-clock.ts';

const location = 'memory:state';

stateSuite('a bucket in memory', async () => {
  const bucket = new MemoryBucket();
  return { open: () => new BucketState({ location, store: new MemoryStore({ bucket }) }), close: async () => {} };
});

test('a removed document is an empty object, which the next writer replaces', async () => {
  const store = new MemoryStore();
  const state = new BucketState({ location, store });
  const tag = (await state.write('a', 'first', { ifAbsent: true })) ?? '';
  expect(await state.remove('a', tag)).toBe(true);
  expect(await store.head('a')).toMatchObject({ size: 0 });
  expect(await state.write('a', 'second', { ifAbsent: true })).toBeDefined();
  expect((await state.read('a'))?.text).toBe('second');
});

test('documents are stored as JSON that nobody caches', async () => {
  const store = new MemoryStore();
  await new BucketState({ location, store }).write('a', '{}', { ifAbsent: true });
  expect(store.bucket.latest('a')?.attributes).toMatchObject({
    contentType: 'application/json',
    cacheControl: 'no-store',
  });
});

/** Does what it is asked, and the first time says that it failed. */
class LosingAnswers extends MemoryStore {
  lost = 0;

  override async put(key: string, bytes: Uint8Array, condition: PutCondition, attributes?: ObjectAttributes) {
    const result = await super.put(key, bytes, condition, attributes);
    this.lost += 1;
    if (this.lost === 1) throw new StoreError('the connection was dropped', { retryable: true });
    return result;
  }
}

test('a write whose answer was lost is known to have been made', async () => {
  const store = new LosingAnswers();
  const clock = { now: () => new Date(), sleep: async () => {} };
  const state = new BucketState({ location, store, clock });
  const tag = await state.write('a', 'text', { ifAbsent: true });
  expect(await state.read('a')).toEqual({ text: 'text', tag });
  expect(store.lost).toBe(2);
});

test("the time is the bucket's, which is asked for once a minute", async () => {
  const clock = new ManualClock();
  let asked = 0;
  const store = new MemoryStore();
  const hourAhead = Object.assign(store, {
    async now() {
      asked += 1;
      return new Date(clock.now().getTime() + 3_600_000);
    },
  });
  const state = new BucketState({ location, store: hourAhead, clock });
  for (let second = 0; second < 120; second += 5) {
    expect((await state.now()).getTime() - clock.now().getTime()).toBe(3_600_000);
    clock.jump(5);
  }
  expect(asked).toBe(2);
});
