import { expect, test } from 'vitest';
import { DigestMismatch, NotAuthorised, Refused } from '../../../lib/core/errors.ts';
import { fileError } from '../../../lib/core/stores/file-errors.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';

const systemError = (code: string) =>
  Object.assign(new Error(`${code}: something, open '/home/somebody/mirror/a'`), {
    code,
    path: '/home/somebody/mirror/a',
  });

test.each([
  ['ENOSPC', StoreError, /no space is left/, false],
  ['EDQUOT', StoreError, /quota/, false],
  ['EROFS', StoreError, /read-only/, false],
  ['ENAMETOOLONG', StoreError, /too long/, false],
  ['EMFILE', StoreError, /too many files/, true],
  ['EWHATEVER', StoreError, /EWHATEVER/, false],
  ['EACCES', NotAuthorised, /denies access/, false],
  ['EPERM', NotAuthorised, /denies access/, false],
  ['ENOTDIR', Refused, /a file and a folder/, false],
] as const)('%s names the key and never a local path', (code, kind, words, retryable) => {
  const error = fileError(systemError(code), 'writing a/1/w', 'a/1/w');
  expect(error).toBeInstanceOf(kind);
  expect(error.message).toMatch(words);
  expect(error.message).toMatch(/^writing a\/1\/w: /);
  expect(error.retryable).toBe(retryable);
  expect(error.evidence).toEqual({ key: 'a/1/w', code });
  expect(`${error.stack} ${(error.cause as Error).stack} ${JSON.stringify(error)}`).not.toContain('/home/somebody');
});

test('errors that already have a meaning keep it, and mistakes of the program stay what they are', () => {
  const meant = new DigestMismatch('other bytes');
  expect(fileError(meant, 'writing', 'k')).toBe(meant);
  const mistake = new TypeError('x is undefined');
  expect(() => fileError(mistake, 'writing', 'k')).toThrow(mistake);
});
