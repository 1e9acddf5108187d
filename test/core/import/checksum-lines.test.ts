import { describe, expect, it } from 'vitest';
import { parseChecksumLine } from '../../../lib/core/import/checksum-line.ts';
import { splitWords } from '../../../lib/core/import/split-words.ts';

const hex = 'b3808a0ce2d5425797df358de854716d38ec7e32c9183a5931ef8109029fd9e4';
const sha256 = (name: string) => ({ name, algorithm: 'sha256', digest: hex });

describe('a line of a list of checksums', () => {
  it.each([
    [`${hex}  w/model.bin`, sha256('w/model.bin')],
    [`${hex} *./w/model.bin`, sha256('w/model.bin')],
    [`${hex.toUpperCase()}  two  words `, sha256('two  words ')],
    [`\\${hex}  a\\nb\\\\c`, sha256('a\nb\\c')],
    [`SHA256 (a (1).bin) = ${hex}`, sha256('a (1).bin')],
    [`\\SHA256 (a\\\\b) = ${hex}`, sha256('a\\b')],
    [`SHA2-256(a.bin)= ${hex}`, sha256('a.bin')],
    [`${hex.slice(0, 32)}  a.bin`, { name: 'a.bin', algorithm: 'md5', digest: hex.slice(0, 32) }],
    [`SHA512 (a.bin) = ${hex}${hex}`, { name: 'a.bin', algorithm: 'sha512', digest: hex + hex }],
    [`MD5 (a.bin) = ${hex.slice(0, 32)}`, { name: 'a.bin', algorithm: 'md5', digest: hex.slice(0, 32) }],
  ])('is read as sha256sum, shasum and openssl write it: %s', (line, expected) => {
    expect(parseChecksumLine(line)).toEqual(expected);
  });

  it.each(['', 'hello world', hex, `${hex} a`, `${hex}a  x`, `${hex}  `, `SHA256 () = ${hex}`, `x${hex}  a`])(
    'is nothing where it is something else: %j',
    (line) => expect(parseChecksumLine(line)).toBeUndefined(),
  );

  it('is not looked at when it is longer than any path', () => {
    expect(parseChecksumLine(`${hex}  ${'a'.repeat(20_000)}`)).toBeUndefined();
    expect(parseChecksumLine(`SHA256 (${'('.repeat(2_000_000)}`)).toBeUndefined();
  });
});

describe('the words of a line', () => {
  it.each([
    ['a b  c', ['a', 'b', 'c']],
    [`'two words' "and \\"quotes\\""`, ['two words', 'and "quotes"']],
    ['a\\ b', ['a b']],
    [`''`, ['']],
    [`pre'fix'ed "back\\slash"`, ['prefixed', 'back\\slash']],
    ['', []],
  ])('are those that a shell would see: %s', (line, words) => expect(splitWords(line)).toEqual(words));

  it.each(['"open', "it's", 'end\\'])('are none where a quote stays open: %s', (line) => {
    expect(splitWords(line)).toBeUndefined();
  });
});
