import { describe, expect, test } from 'vitest';
import { RecordCache } from '../../../../lib/core/access/api/record-cache.ts';
import { HeldClock } from '../local/held-clock.ts';

function cacheOf(budget: number, clock = new HeldClock()) {
  const loads: string[] = [];
  const cache = new RecordCache<string>({ clock, maxAge: 30, budget, weigh: ({ length }) => length });
  const get = (key: string, maxAge?: number) =>
    cache.get(
      key,
      async (old) => {
        loads.push(`${key} after ${old ?? 'nothing'}`);
        return key.repeat(2);
      },
      maxAge,
    );
  return { cache, clock, loads, get };
}

describe('a cache of records', () => {
  test('lets go of what was not asked for the longest, to stay within its budget', async () => {
    const { get, loads } = cacheOf(8);
    for (const key of ['aa', 'bb', 'aa', 'cc', 'aa', 'bb']) await get(key);
    expect(loads).toEqual(['aa', 'bb', 'cc', 'bb'].map((key) => `${key} after nothing`));
  });

  test('keeps what alone is heavier than its budget, and nothing beside it', async () => {
    const { get, loads } = cacheOf(3);
    for (const key of ['aa', 'aa', 'b', 'aa']) await get(key);
    expect(loads.map((load) => load.split(' ')[0])).toEqual(['aa', 'b', 'aa']);
  });

  test('reads again what is too old for the caller, and what a clock set back would keep for ever', async () => {
    const { get, loads, clock } = cacheOf(100);
    await get('a');
    clock.pass(10);
    await get('a');
    await get('a', 5);
    clock.pass(31);
    await get('a');
    clock.pass(-100);
    await get('a');
    expect(loads).toEqual(['a after nothing', 'a after aa', 'a after aa', 'a after aa']);
  });

  test('does not keep a failure', async () => {
    const { cache } = cacheOf(100);
    const failing = () => Promise.reject(new Error('broken'));
    await expect(Promise.all([cache.get('a', failing), cache.get('a', failing)])).rejects.toThrow('broken');
    await expect(cache.get('a', async () => 'whole')).resolves.toBe('whole');
  });
});
