import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { StateStore } from '../../lib/core/state/state-store.ts';

/** One place for working state, fresh for each test. */
export interface StatePlace {
  /** Every call gives another instance, as another process would have. */
  open(): StateStore;
  close(): Promise<void>;
}

/** What every state store promises. */
export function stateSuite(name: string, make: () => Promise<StatePlace>): void {
  describe(`${name} as a state store`, () => {
    let place: StatePlace;
    let state: StateStore;

    beforeEach(async () => {
      place = await make();
      state = place.open();
    });

    afterEach(() => place.close());

    test('a document that was never written is undefined, and removing it is fine', async () => {
      expect(await state.read('a/b.json')).toBeUndefined();
      expect(await state.list('')).toEqual([]);
      expect(await state.remove('a/b.json')).toBe(true);
      expect(await state.remove('a/b.json', 'some tag')).toBe(true);
    });

    test('a document is read back with its tag by any instance', async () => {
      const text = JSON.stringify({ words: 'größer 模型', lines: 'a\nb' });
      const tag = await state.write('a/b.json', text, { ifAbsent: true });
      expect(await place.open().read('a/b.json')).toEqual({ text, tag });
    });

    test('a document is created once', async () => {
      await state.write('a', 'first', { ifAbsent: true });
      expect(await state.write('a', 'second', { ifAbsent: true })).toBeUndefined();
      expect((await state.read('a'))?.text).toBe('first');
    });

    test('a document is replaced only by who knows its tag', async () => {
      const first = (await state.write('a', 'first', { ifAbsent: true })) ?? '';
      const second = (await state.write('a', 'second', { ifMatch: first })) ?? '';
      expect(second).not.toBe('');
      expect(await place.open().write('a', 'third', { ifMatch: first })).toBeUndefined();
      expect(await state.write('none', 'x', { ifMatch: second })).toBeUndefined();
      expect(await state.read('a')).toEqual({ text: 'second', tag: second });
      expect(await state.read('none')).toBeUndefined();
    });

    test('a document is removed by anybody, or only by who knows its tag', async () => {
      const first = (await state.write('a', 'first', { ifAbsent: true })) ?? '';
      const second = (await state.write('a', 'second', { ifMatch: first })) ?? '';
      expect(await state.remove('a', first)).toBe(false);
      expect((await state.read('a'))?.text).toBe('second');
      expect(await state.remove('a', second)).toBe(true);
      expect(await state.read('a')).toBeUndefined();
      await state.write('a', 'again', { ifAbsent: true });
      expect(await place.open().remove('a')).toBe(true);
      expect(await state.list('')).toEqual([]);
    });

    test('documents are listed by prefix, sorted', async () => {
      for (const name of ['b/2.json', 'a/1.json', 'a/deep/3.json', 'ab.json', 'b/1.json']) {
        await state.write(name, name, { ifAbsent: true });
      }
      expect(await state.list('')).toEqual(['a/1.json', 'a/deep/3.json', 'ab.json', 'b/1.json', 'b/2.json']);
      expect(await place.open().list('a/')).toEqual(['a/1.json', 'a/deep/3.json']);
      expect(await state.list('a')).toEqual(['a/1.json', 'a/deep/3.json', 'ab.json']);
      expect(await state.list('c')).toEqual([]);
    });

    test('no change is lost when ten writers make five each', async () => {
      await state.write('count', '0', { ifAbsent: true });
      const add = async (mine: StateStore) => {
        for (let attempt = 0; attempt < 500; attempt += 1) {
          const document = await mine.read('count');
          const next = String(Number(document?.text) + 1);
          if (await mine.write('count', next, { ifMatch: document?.tag ?? '' })) return;
        }
        throw new Error('five hundred attempts were not enough');
      };
      const writer = async () => {
        const mine = place.open();
        for (let round = 0; round < 5; round += 1) await add(mine);
      };
      await Promise.all(Array.from({ length: 10 }, writer));
      expect((await state.read('count'))?.text).toBe('50');
    });

    test('one of twenty creates a document', async () => {
      const tags = await Promise.all(
        Array.from({ length: 20 }, (_, index) => place.open().write('one', `${index}`, { ifAbsent: true })),
      );
      const winners = tags.flatMap((tag, index) => (tag === undefined ? [] : [index]));
      expect(winners).toHaveLength(1);
      expect((await state.read('one'))?.text).toBe(`${winners[0]}`);
    });

    test('its clock goes forward', async () => {
      const first = await state.now();
      await new Promise((resolve) => setTimeout(resolve, 20));
      expect((await state.now()).getTime()).toBeGreaterThan(first.getTime());
    });
  });
}
