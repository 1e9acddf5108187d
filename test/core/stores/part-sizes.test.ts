import { describe, expect, it } from 'vitest';
import { splitRange } from '../../../lib/core/byte-range.ts';
import {
  askedPartSize,
  gcsChunkSize,
  gcsLimits,
  partCount,
  partRange,
  preferredPart,
  s3Limits,
  s3PartSize,
} from '../../../lib/core/stores/part-sizes.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;
const tebibyte = 2 ** 40;

/** Sizes from none to the largest: around every boundary that a part size or a count can have, and some between. */
function sizes(largest: number): readonly number[] {
  const boundaries = [0, 1, 256 * 1024, 5 * mebibyte, preferredPart, 4 * preferredPart, 150 * gibibyte, 5 * tebibyte];
  for (const part of [5, 16, 17, 18, 64, 100, 1000, 5000].map((count) => count * mebibyte)) {
    boundaries.push(part, 9_999 * part, s3Limits.maxParts * part);
  }
  const around = boundaries.flatMap((size) => [size - 1, size, size + 1, size + 262_143]);
  let state = 1;
  const random = Array.from({ length: 3000 }, () => {
    state = (state * 48_271) % 2_147_483_647;
    // As many small ones as large ones.
    return Math.floor(2 ** ((state / 2_147_483_647) * Math.log2(largest)));
  });
  const powers = Array.from({ length: 47 }, (_, power) => 2 ** power).flatMap((size) => [size - 1, size, size + 1]);
  return [...new Set([...around, ...random, ...powers, largest])].filter((size) => size >= 0 && size <= largest);
}

/** What must hold of every object that is cut into parts. Sums are checked in integers of any size. */
function expectExactParts(size: number, part: number): void {
  const count = partCount(size, part);
  expect(count).toBe(Number((BigInt(size) + BigInt(part) - 1n) / BigInt(part)));
  if (count === 0) {
    expect(size).toBe(0);
    return;
  }
  expect(partRange(1, size, part).start).toBe(0);
  const last = partRange(count, size, part);
  expect(last.end).toBe(size);
  expect(last.end - last.start).toBeGreaterThan(0);
  expect(last.end - last.start).toBeLessThanOrEqual(part);
  expect(BigInt(count - 1) * BigInt(part) + BigInt(last.end - last.start)).toBe(BigInt(size));
  for (const number of [1, 2, count >> 1, count - 1].filter((each) => each >= 1 && each < count)) {
    const range = partRange(number, size, part);
    expect([range.start, range.end]).toEqual([Number(BigInt(number - 1) * BigInt(part)), number * part]);
    expect(Number.isSafeInteger(range.end)).toBe(true);
    expect(partRange(number + 1, size, part).start).toBe(range.end);
  }
}

describe('parts of an S3 upload', () => {
  it('are 10,000 at most, of 5 MiB to 5 GiB, and make up every size from 0 B to 48.8 TiB', () => {
    for (const size of sizes(s3Limits.maxObject)) {
      const part = s3PartSize(size);
      expect(part % mebibyte).toBe(0);
      expect(part).toBeGreaterThanOrEqual(s3Limits.minPart);
      expect(part).toBeLessThanOrEqual(s3Limits.maxPart);
      expect(partCount(size, part)).toBeLessThanOrEqual(s3Limits.maxParts);
      expectExactParts(size, part);
    }
  });

  it('are no larger than they must be', () => {
    for (const size of sizes(s3Limits.maxObject)) {
      const part = s3PartSize(size);
      if (part > preferredPart) expect(partCount(size, part - mebibyte)).toBeGreaterThan(s3Limits.maxParts);
      else expect(part).toBe(preferredPart);
    }
  });

  it('have 16 MiB up to 156 GiB, and 5 GiB at the very end', () => {
    expect(s3PartSize(150 * gibibyte)).toBe(16 * mebibyte);
    expect(s3PartSize(s3Limits.maxParts * 16 * mebibyte)).toBe(16 * mebibyte);
    expect(s3PartSize(s3Limits.maxParts * 16 * mebibyte + 1)).toBe(17 * mebibyte);
    expect(s3PartSize(s3Limits.maxObject)).toBe(5 * gibibyte);
    expect(partCount(s3Limits.maxObject, 5 * gibibyte)).toBe(10_000);
    expect(s3Limits.maxObject / tebibyte).toBeCloseTo(48.83, 2);
  });

  it('are as somebody asked, and larger where 10,000 of those would not do', () => {
    for (const asked of [5 * mebibyte, 7_654_321, 64 * mebibyte, 5 * gibibyte]) {
      for (const size of sizes(s3Limits.maxObject)) {
        const part = s3PartSize(size, asked);
        expect(part).toBeGreaterThanOrEqual(asked);
        expect(part).toBeLessThanOrEqual(s3Limits.maxPart);
        expect(partCount(size, part)).toBeLessThanOrEqual(s3Limits.maxParts);
        if (partCount(size, asked) <= s3Limits.maxParts) expect(part).toBe(asked);
        expectExactParts(size, part);
      }
    }
  });

  it.each([0, 1, preferredPart, 1_000_000_007, 200 * gibibyte, 3 * tebibyte])(
    'follow each other without a gap, all of them, in an object of %i bytes',
    (size) => {
      const part = s3PartSize(size);
      const cut = [...splitRange(0, size, part)];
      expect(cut).toHaveLength(partCount(size, part));
      expect(cut).toEqual(cut.map((_, index) => partRange(index + 1, size, part)));
      expect(cut.reduce((sum, { start, end }) => sum + BigInt(end - start), 0n)).toBe(BigInt(size));
    },
  );
});

describe('chunks of a GCS upload session', () => {
  it('are whole multiples of 256 KiB and make up every size from 0 B to 5 TiB', () => {
    for (const asked of [undefined, 1, 256 * 1024 + 1, 5 * mebibyte, 7_654_321]) {
      const chunk = gcsChunkSize(asked);
      expect(chunk % gcsLimits.chunkMultiple).toBe(0);
      expect(chunk).toBeGreaterThanOrEqual(asked ?? preferredPart);
      for (const size of sizes(gcsLimits.maxObject)) expectExactParts(size, chunk);
    }
    expect(gcsChunkSize()).toBe(16 * mebibyte);
  });
});

describe('a part size that somebody asks for', () => {
  it.each([5 * mebibyte, 5 * gibibyte, 5 * mebibyte + 1])('may be %i for S3', (bytes) => {
    expect(askedPartSize('s3', bytes)).toBe(bytes);
  });

  it.each([
    ['s3', 5 * mebibyte - 1],
    ['s3', 5 * gibibyte + 1],
    ['gs', 5 * mebibyte - 256 * 1024],
    ['gs', 5 * mebibyte + 1],
  ] as const)('is refused by %s: %i', (scheme, bytes) => {
    expect(() => askedPartSize(scheme, bytes)).toThrow(`--part-size ${bytes}`);
  });
});
