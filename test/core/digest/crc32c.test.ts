import fc from 'fast-check';
import { createCRC32 } from 'hash-wasm';
import { describe, expect, it } from 'vitest';
import { Crc32c } from '../../../lib/core/digest/crc32c.ts';

describe('Crc32c', () => {
  it('has the check value of the Castagnoli polynomial', () => {
    expect(Crc32c.ofBytes(Buffer.from('123456789')).value).toBe(0xe3069283);
    expect(Crc32c.ofBytes(Buffer.from('123456789')).base64).toBe('4waSgw==');
  });

  it('joins the checksums of consecutive runs into that of the whole', () => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 300 }), { maxLength: 6 }), (runs) => {
        const joined = runs.map((run) => Crc32c.ofBytes(run)).reduce((all, next) => all.concat(next), Crc32c.empty);
        const whole = Crc32c.ofBytes(Buffer.concat(runs));
        expect([joined.value, joined.length]).toEqual([whole.value, whole.length]);
      }),
    );
  });

  it('agrees with another implementation and survives base64', async () => {
    const bytes = Buffer.alloc(100_003, 'weights');
    const other = (await createCRC32(0x82f63b78)).init().update(bytes).digest('hex');
    const crc = Crc32c.ofBytes(bytes);
    expect(crc.value.toString(16).padStart(8, '0')).toBe(other);
    expect(Crc32c.fromBase64(crc.base64, bytes.length)).toEqual(crc);
    expect(() => Crc32c.fromBase64('AA==', 1)).toThrow(RangeError);
  });

  it('joins runs whose length exceeds 32 bits', () => {
    // 2^33 zero bytes as 2^13 runs of 2^20, joined pairwise: the same as joining them one by one.
    const run = Crc32c.ofBytes(Buffer.alloc(1 << 20));
    let doubled = run;
    for (let power = 0; power < 13; power += 1) doubled = doubled.concat(doubled);
    let linear = Crc32c.empty;
    for (let count = 0; count < 1 << 13; count += 1) linear = linear.concat(run);
    expect(doubled).toEqual(linear);
    expect(doubled.length).toBe(2 ** 33);
  });
});
