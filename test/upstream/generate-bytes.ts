import { createCipheriv, createHash } from 'node:crypto';

const blockSize = 16;

/** Deterministic bytes that do not compress: the same seed gives the same, and a longer size begins like a shorter one. */
export function generateBytes(seed: string, size: number): Buffer {
  return generateRange(seed, 0, size);
}

/** Bytes `[start, end)` of what `generateBytes` makes, without making what comes before: AES in counter mode. */
export function generateRange(seed: string, start: number, end: number): Buffer {
  const key = createHash('sha256').update(seed).digest().subarray(0, 16);
  const counter = Buffer.alloc(blockSize);
  counter.writeBigUInt64BE(BigInt(Math.floor(start / blockSize)), 8);
  const skip = start % blockSize;
  const bytes = createCipheriv('aes-128-ctr', key, counter).update(Buffer.alloc(skip + end - start));
  return bytes.subarray(skip);
}
