import { describe, expect, it } from 'vitest';
import { MemoryBudget, type Slot } from '../../../lib/core/transfer/memory-budget.ts';

const never = new AbortController().signal;
const mebibyte = 1 << 20;

describe('MemoryBudget', () => {
  it('makes a request wait until there is room, first come first served', async () => {
    const budget = new MemoryBudget(4 * mebibyte);
    const firsts = [await budget.acquire(2 * mebibyte, never), await budget.acquire(mebibyte, never)];
    const order: string[] = [];
    const noted = (name: string) => (slot: Slot) => {
      order.push(name);
      return slot;
    };
    const large = budget.acquire(2 * mebibyte, never).then(noted('large'));
    const small = budget.acquire(mebibyte, never).then(noted('small'));
    await Promise.resolve();
    expect(order).toEqual([]);
    firsts[1]?.release();
    firsts[1]?.release();
    firsts[0]?.release();
    (await large).release();
    (await small).release();
    expect(order).toEqual(['large', 'small']);
  });

  it('gives two requests at a time that are larger than half of it memory of their own', async () => {
    const budget = new MemoryBudget(mebibyte);
    const [first, second] = await Promise.all([
      budget.acquire(3 * mebibyte, never),
      budget.acquire(3 * mebibyte, never),
    ]);
    let third: Slot | undefined;
    const waiting = budget.acquire(2 * mebibyte, never).then((slot) => {
      third = slot;
    });
    const ordinary = await budget.acquire(mebibyte / 2, never);
    expect(third).toBeUndefined();
    expect(ordinary.bytes.byteLength).toBe(mebibyte / 2);
    first.release();
    await waiting;
    expect(third?.bytes.byteLength).toBe(2 * mebibyte);
    expect(third?.bytes.buffer).toBe(first.bytes.buffer);
    expect(third?.bytes.buffer).not.toBe(second.bytes.buffer);
    expect([budget.bound(mebibyte / 2), budget.bound(3 * mebibyte)]).toEqual([mebibyte, 7 * mebibyte]);
  });

  it('never holds more than two large pieces of memory, whatever their sizes', async () => {
    const budget = new MemoryBudget(mebibyte);
    const seen = new Set<ArrayBufferLike>();
    for (const size of [1, 2, 3, 2, 1, 3]) {
      const slot = await budget.acquire(size * mebibyte, never);
      seen.add(slot.bytes.buffer);
      slot.release();
    }
    expect(seen.size).toBe(3);
  });

  it('never gives the same bytes out twice at a time, whatever comes and goes', async () => {
    const budget = new MemoryBudget(2 * mebibyte);
    const held: Slot[] = [];
    const releaseOne = (at: number) => held.splice(at % held.length, 1)[0]?.release();
    for (let step = 1; step <= 2000; step += 1) {
      const size = (step * 48_271) % 300_007;
      const waiting = budget.acquire(size, never);
      let slot: Slot | undefined;
      waiting.then((it) => {
        slot = it;
      });
      await Promise.resolve();
      for (let tries = 1; slot === undefined && held.length > 0; tries += 1) {
        releaseOne(step * tries);
        await Promise.resolve();
      }
      const mine = await waiting;
      const [start, end] = [mine.bytes.byteOffset, mine.bytes.byteOffset + size];
      expect(mine.bytes.byteLength).toBe(size);
      const overlapping = held.filter(
        ({ bytes }) => bytes.byteOffset < end && bytes.byteOffset + bytes.byteLength > start,
      );
      expect(overlapping).toEqual([]);
      held.push(mine);
      if (step % 5 === 0) releaseOne(step);
    }
    for (const each of held) each.release();
    const halves = [await budget.acquire(mebibyte, never), await budget.acquire(mebibyte, never)];
    expect(new Set(halves.map(({ bytes }) => bytes.byteOffset)).size).toBe(2);
  });

  it('gives out memory that begins at a page of the processor', async () => {
    const budget = new MemoryBudget(2 * mebibyte);
    await budget.acquire(100, never);
    const { bytes } = await budget.acquire(mebibyte, never);
    expect(bytes.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(bytes.byteOffset % 65_536).toBe(0);
  });

  it('lets a waiter go when its signal aborts, and serves the next', async () => {
    const budget = new MemoryBudget(10 * mebibyte);
    await budget.acquire(5 * mebibyte, never);
    await budget.acquire(3 * mebibyte, never);
    const controller = new AbortController();
    const blocked = budget.acquire(4 * mebibyte, controller.signal);
    const next = budget.acquire(2 * mebibyte, never);
    controller.abort(new Error('enough'));
    await expect(blocked).rejects.toThrow('enough');
    expect((await next).bytes.byteLength).toBe(2 * mebibyte);
    await expect(budget.acquire(1, controller.signal)).rejects.toThrow('enough');
  });
});
