import fc from 'fast-check';
import { expect, test } from 'vitest';
import { compareUtf8 } from '../../lib/core/utf8-order.ts';

test('strings are ordered as their UTF-8 bytes are', () => {
  const text = fc.string({ unit: 'binary' });
  const suffixes = fc.constantFrom('', '\u{fb01}', '\u{1f916}', '\u{e000}', '\u{10ffff}', 'a', '/');
  fc.assert(
    fc.property(text, suffixes, suffixes, text, (start, one, two, end) => {
      const a = start + one + end;
      const b = start + two + end;
      expect(Math.sign(compareUtf8(a, b))).toBe(Buffer.compare(Buffer.from(a), Buffer.from(b)));
      expect(Math.sign(compareUtf8(start, end))).toBe(Buffer.compare(Buffer.from(start), Buffer.from(end)));
    }),
  );
});
