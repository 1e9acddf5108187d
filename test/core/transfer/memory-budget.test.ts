import { describe, expect, it } from 'vitest';
import { MemoryBudget, type Slot } from '../../../lib/core/transfer/memory-budget.ts';

const never = new AbortController().signal;
const mebibyte = 1 << 20;

describe('MemoryBudget', () => {
  it('makes a request wait until there is room, first come first served', async () => {
    const budget = new MemoryBudget(4 * mebibyte);
    const first = await budget.acquire(3 * mebibyte, never);
    const order: string[] = [];
    const noted = (name: string) => (slot: Slot) => {
      order.push(name);
      return slot;
    };
    const large = budget.acquire(2 * mebibyte, never).then(noted('large'));
    const small = budget.acquire(mebibyte, never).then(noted('small'));
    await Promise.resolve();
    expect(order).toEqual([]);
    first.release();
    first.release();
    (await large).release();
    (await small).release();
    expect(order).toEqual(['large', 'small']);
  });

  it('serves a request above the limit when nothing else is in use', async () => {
    const budget = new MemoryBudget(10);
    const huge = await budget.acquire(100, never);
    expect(huge.bytes.byteLength).toBe(100);
    const next = budget.acquire(1, never);
    huge.release();
    expect((await next).bytes.byteLength).toBe(1);
  });

  it('reuses large blocks', async () => {
    const budget = new MemoryBudget(2 * mebibyte);
    const first = await budget.acquire(mebibyte, never);
    first.release();
    const second = await budget.acquire(mebibyte, never);
    expect(second.bytes.buffer).toBe(first.bytes.buffer);
  });

  it('lets a waiter go when its signal aborts, and serves the next', async () => {
    const budget = new MemoryBudget(10);
    const first = await budget.acquire(6, never);
    const controller = new AbortController();
    const blocked = budget.acquire(10, controller.signal);
    const next = budget.acquire(4, never);
    controller.abort(new Error('enough'));
    await expect(blocked).rejects.toThrow('enough');
    expect((await next).bytes.byteLength).toBe(4);
    first.release();
    await expect(budget.acquire(1, controller.signal)).rejects.toThrow('enough');
  });
});
