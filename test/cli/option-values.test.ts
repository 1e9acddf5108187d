import { describe, expect, it } from 'vitest';
import { parseBytes, parseCount, parseOrigin, parsePort, parseSeconds } from '../../lib/cli/option-values.ts';

describe('values of options', () => {
  it.each([
    ['8388608', 8_388_608],
    ['8MiB', 8_388_608],
    ['8m', 8_388_608],
    ['1.5GiB', 1_610_612_736],
    ['2GB', 2_000_000_000],
    ['1 KiB', 1024],
  ])('read %s as an amount of bytes', (text, bytes) => {
    expect(parseBytes(text)).toBe(bytes);
  });

  it.each(['', '0', '-1', '8 apples', '1e9', '99999999TiB', 'MiB'])('refuse %j as an amount of bytes', (text) => {
    expect(() => parseBytes(text)).toThrow('Expected an amount');
  });

  it.each([
    ['90', 90],
    ['90s', 90],
    ['15m', 900],
    ['2h', 7200],
    ['500ms', 0.5],
  ])('read %s as a time', (text, seconds) => {
    expect(parseSeconds(text)).toBe(seconds);
  });

  it.each(['', '0', '5 fortnights', '-3s'])('refuse %j as a time', (text) => {
    expect(() => parseSeconds(text)).toThrow('Expected a time');
  });

  it('read counts and ports, and refuse what is none', () => {
    expect(parseCount('16')).toBe(16);
    expect(parsePort('0')).toBe(0);
    for (const text of ['0', '1.5', '-1', 'x', '']) expect(() => parseCount(text)).toThrow('whole number');
    for (const text of ['65536', '-1', 'http', '']) expect(() => parsePort(text)).toThrow('port');
  });

  it('read origins, and refuse URLs that are more than one', () => {
    expect(parseOrigin('http://127.0.0.1:8081')).toBe('http://127.0.0.1:8081');
    expect(parseOrigin('https://models.example.org/')).toBe('https://models.example.org');
    for (const text of ['http://a.example/path', 'ftp://a.example', 'a.example', 'http://user@a.example', '*']) {
      expect(() => parseOrigin(text)).toThrow('Expected an origin');
    }
  });
});
