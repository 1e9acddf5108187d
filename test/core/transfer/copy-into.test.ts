import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { copyInto } from '../../../lib/core/transfer/copy-into.ts';

describe('copying into shared memory', () => {
  it.each([0, 1, 2, 7, 8, 63, 4096, 65_537])('takes %i bytes to any place, and touches nothing beside them', (size) => {
    for (const [offset, at, from] of [
      [0, 0, 0],
      [3, 5, 1],
      [8, 64, 7],
    ] as const) {
      const target = new Uint8Array(new SharedArrayBuffer(size + 200), offset, size + 100);
      const expected = Buffer.alloc(size + 200, 0xaa);
      new Uint8Array(target.buffer).fill(0xaa);
      const bytes = new Uint8Array(randomBytes(size + from)).subarray(from);
      copyInto(target, at, bytes);
      expected.set(bytes, offset + at);
      expect(Buffer.from(new Uint8Array(target.buffer)).equals(expected)).toBe(true);
    }
  });

  it('refuses what does not fit', () => {
    const target = new Uint8Array(new SharedArrayBuffer(100), 0, 10);
    expect(() => copyInto(target, 8, Buffer.from('abc'))).toThrow(RangeError);
    expect(() => copyInto(target, -1, Buffer.from('abc'))).toThrow(RangeError);
    expect(Buffer.from(new Uint8Array(target.buffer)).every((byte) => byte === 0)).toBe(true);
  });
});
