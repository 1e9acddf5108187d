import { expect, it } from 'vitest';
import { formatBytes, formatDuration, formatRate } from '../../../lib/cli/progress/quantities.ts';

it.each([
  [0, '0 B'],
  [1, '1 B'],
  [1023, '1023 B'],
  [1024, '1.00 KiB'],
  [1536, '1.50 KiB'],
  [10 * 1024, '10.0 KiB'],
  [1024 * 1023.9, '1.00 MiB'],
  [123 * 2 ** 20, '123 MiB'],
  [4.5 * 2 ** 30, '4.50 GiB'],
  [48.8 * 2 ** 40, '48.8 TiB'],
  [-5, '0 B'],
])('%d bytes are %s', (bytes, text) => {
  expect(formatBytes(bytes)).toBe(text);
});

it.each([
  [0, '0.0 s'],
  [0.42, '0.4 s'],
  [9.94, '9.9 s'],
  [9.96, '10 s'],
  [59.4, '59 s'],
  [59.6, '1 min 00 s'],
  [185, '3 min 05 s'],
  [3600, '1 h 00 min'],
  [7830, '2 h 10 min'],
  [86_400 * 3 + 4 * 3600, '3 d 4 h'],
  [Number.POSITIVE_INFINITY, '-'],
])('%d seconds are %s', (seconds, text) => {
  expect(formatDuration(seconds)).toBe(text);
});

it('a rate is bytes a second', () => {
  expect(formatRate(12.3 * 2 ** 20)).toBe('12.3 MiB/s');
});
