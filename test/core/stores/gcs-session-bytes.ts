import { createHash } from 'node:crypto';
import { partSize } from './gcs-place.ts';

/** Nine parts and a half, the same in every process that knows the seed. */
export function sessionBytes(seed: string): Buffer {
  const block = createHash('sha512').update(seed).digest();
  const bytes = Buffer.alloc(9.5 * partSize, block);
  for (let at = 0; at < bytes.length; at += block.length) bytes.writeUInt32BE(at, at);
  return bytes;
}
