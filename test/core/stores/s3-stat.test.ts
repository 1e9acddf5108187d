import { createHash } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { isWritten, multipartEtag, s3Stat } from '../../../lib/core/stores/s3-stat.ts';

const md5 = (text: string) => createHash('md5').update(text).digest('hex');

describe('the ETag of parts', () => {
  test('is the MD5 of their MD5s and their number', () => {
    // Computed with Python's hashlib, as documented for S3.
    expect(multipartEtag([{ etag: `"${md5('a')}"` }, { etag: md5('b') }])).toBe('96e024ba2074fe77e8e965ba43a704be-2');
  });

  test('is not known for parts that KMS encrypted', () => {
    expect(multipartEtag([{ etag: '"not-an-md5"' }])).toBeUndefined();
  });
});

describe('what is known of an object', () => {
  test.each([
    [{ ChecksumCRC32C: 'AAAAAA==', ChecksumType: 'FULL_OBJECT' }, 'AAAAAA=='],
    [{ ChecksumCRC32C: 'AAAAAA==' }, 'AAAAAA=='],
    [{ ChecksumCRC32C: 'AAAAAA==-2', ChecksumType: 'COMPOSITE' }, undefined],
    [{ ChecksumCRC32C: 'AAAAAA==-2' }, undefined],
    [{}, undefined],
  ])('has a CRC32C only of all its bytes: %j', (answer, crc32c) => {
    expect(s3Stat('k', 1, answer).crc32c).toBe(crc32c);
  });

  test.each([
    ['3/L4kqtJl40', '3/L4kqtJl40'],
    ['null', undefined],
    [undefined, undefined],
  ])('has the version %s only where it pins something', (VersionId, version) => {
    expect(s3Stat('k', 1, { VersionId }).version).toBe(version);
  });
});

describe('what is there is what was sent', () => {
  const stat = { key: 'k', size: 3, etag: '"abc"', crc32c: 'AAAAAA==', metadata: { sha256: 'x' } };
  const written = { size: 3, etag: 'abc', crc32c: 'AAAAAA==', metadata: { SHA256: 'x' } };

  test('by tag or by checksum', () => {
    expect(isWritten(stat, written)).toBe(true);
    expect(isWritten(stat, { ...written, etag: 'other' })).toBe(true);
    expect(isWritten({ ...stat, crc32c: 'BBBBBB==' }, written)).toBe(true);
    const { crc32c: _, ...plain } = stat;
    expect(isWritten(plain, { ...written, etag: undefined })).toBe(false);
  });

  test('not when size, metadata, or both proofs differ', () => {
    expect(isWritten({ ...stat, size: 4 }, written)).toBe(false);
    expect(isWritten({ ...stat, metadata: { sha256: 'y' } }, written)).toBe(false);
    expect(isWritten({ key: 'k', size: 3, etag: '"abc"' }, written)).toBe(false);
    expect(isWritten({ ...stat, crc32c: 'BBBBBB==' }, { ...written, etag: 'other' })).toBe(false);
  });
});
