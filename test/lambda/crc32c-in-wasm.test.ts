import { randomBytes } from 'node:crypto';
import { crc32c as native } from '@node-rs/crc32';
import { describe, expect, it } from 'vitest';
import { crc32c } from '../../lambda/bundle/crc32c-in-wasm.ts';

describe('the CRC32C of bundles', () => {
  it('is that of RFC 3720, B.4', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43);
    expect(crc32c(Buffer.from('123456789'))).toBe(0xe3069283);
  });

  it('equals the native one whose place it takes, also where its highest bit is set', () => {
    for (let size = 0; size < 200; size += 1) {
      const bytes = randomBytes(size);
      expect(crc32c(bytes)).toBe(native(bytes) >>> 0);
    }
    const shared = new Uint8Array(new SharedArrayBuffer(5_000_001));
    shared.set(randomBytes(shared.length));
    expect(crc32c(shared)).toBe(native(Buffer.from(shared)) >>> 0);
  });
});
