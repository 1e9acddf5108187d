import { createHash } from 'node:crypto';
import type { ObjectAttributes, ObjectStat } from './store.ts';

/** What S3's answers about one object have in common. */
export interface S3ObjectAnswer {
  readonly ETag?: string | undefined;
  readonly VersionId?: string | undefined;
  readonly ChecksumCRC32C?: string | undefined;
  readonly ChecksumSHA256?: string | undefined;
  readonly ChecksumType?: string | undefined;
  readonly Metadata?: Readonly<Record<string, string>> | undefined;
}

/**
 * Metadata that a compare-and-swap leaves, different for each: of two writers of the same bytes only one has swapped.
 * Never shown in a stat.
 */
export const writeMark = 'weighbridge-write';

export function s3Stat(key: string, size: number, answer: S3ObjectAnswer): ObjectStat {
  const { ETag = '' } = answer;
  const { [writeMark]: _, ...Metadata } = answer.Metadata ?? {};
  const version = pinnable(answer.VersionId);
  const crc32c = wholeObject(answer.ChecksumCRC32C, answer);
  const sha256 = wholeObject(answer.ChecksumSHA256, answer);
  return {
    key,
    size,
    etag: ETag,
    ...(version === undefined ? {} : { version }),
    ...(crc32c === undefined ? {} : { crc32c }),
    ...(sha256 === undefined ? {} : { sha256: Buffer.from(sha256, 'base64').toString('hex') }),
    ...(Object.keys(Metadata).length === 0 ? {} : { metadata: Metadata }),
  };
}

/** Objects of a bucket without versions have none, or, where versioning was suspended, one that is replaced: `null`. */
function pinnable(version: string | undefined): string | undefined {
  return version === undefined || version === 'null' || version === '' ? undefined : version;
}

/** The checksum of the bytes, not one of the parts' checksums (`…-3`). */
function wholeObject(value: string | undefined, { ChecksumType: type }: S3ObjectAnswer): string | undefined {
  if (value === undefined || (type !== undefined && type !== 'FULL_OBJECT') || value.includes('-')) return undefined;
  return value;
}

/** What one write would have left, to recognise it after an answer was lost. */
export interface Written {
  readonly size: number;
  /** Base64, of the whole object. */
  readonly crc32c: string | undefined;
  /** As S3 computes it for objects that are not encrypted by KMS, in hex without quotes. */
  readonly etag: string | undefined;
  readonly metadata: ObjectAttributes['metadata'];
}

/** Is what is there what this write would have left? Its bytes and what was said about them decide, not who wrote it. */
export function isWritten(stat: ObjectStat, written: Written): boolean {
  if (stat.size !== written.size || !sameMetadata(stat.metadata, written.metadata)) return false;
  const { crc32c, etag } = written;
  // A multipart ETag covers the sizes of the parts as well: equal says all, unequal says nothing about the bytes.
  if (etag !== undefined && bare(stat.etag) === etag) return true;
  return crc32c !== undefined && stat.crc32c === crc32c;
}

function sameMetadata(some: ObjectAttributes['metadata'] = {}, others: ObjectAttributes['metadata'] = {}): boolean {
  const text = (metadata: Readonly<Record<string, string>>) =>
    JSON.stringify(
      Object.entries(metadata)
        .map(([name, value]) => [name.toLowerCase(), value])
        .sort(),
    );
  return text(some) === text(others);
}

/** An ETag without its quotes. */
export function bare(etag: string): string {
  return etag.replaceAll('"', '');
}

/** The ETag of an object that was put in one request. */
export function etagOf(bytes: Uint8Array): string {
  return createHash('md5').update(bytes).digest('hex');
}

/** The ETag that an object made of these parts gets: MD5 of their MD5s, and how many they are. */
export function multipartEtag(parts: readonly { readonly etag: string }[]): string | undefined {
  const digests = parts.map(({ etag }) => bare(etag));
  if (!digests.every((digest) => /^[0-9a-f]{32}$/.test(digest))) return undefined;
  const hash = createHash('md5');
  for (const digest of digests) hash.update(digest, 'hex');
  return `${hash.digest('hex')}-${digests.length}`;
}
