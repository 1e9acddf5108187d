import type { ByteRange } from '../byte-range.ts';
import { UsageError } from '../errors.ts';

const mebibyte = 2 ** 20;
const gibibyte = 2 ** 30;

/**
 * Bytes of a part unless somebody asks for others: 10,000 of them hold 156 GiB, and four hold the eight ranges of
 * 8 MiB that are in flight at once. Larger parts would make a crash, and the buffers, cost more.
 */
export const preferredPart = 16 * mebibyte;

/** Amazon S3 user guide, "Multipart upload limits": 10,000 parts of 5 MiB to 5 GiB, which is 48.8 TiB in all. */
export const s3Limits = {
  maxParts: 10_000,
  minPart: 5 * mebibyte,
  maxPart: 5 * gibibyte,
  maxObject: 10_000 * 5 * gibibyte,
} as const;

/** Cloud Storage, "Quotas and limits": objects up to 5 TiB; chunks of an upload session are multiples of 256 KiB. */
export const gcsLimits = { chunkMultiple: 256 * 1024, maxObject: 5 * 1024 * gibibyte } as const;

/**
 * Bytes of each part but the last of an S3 upload: the preferred size, or as much more, in whole MiB, as 10,000
 * parts need.
 */
export function s3PartSize(size: number, preferred: number = preferredPart): number {
  const wanted = Math.min(Math.max(preferred, s3Limits.minPart), s3Limits.maxPart);
  if (partCount(size, wanted) <= s3Limits.maxParts) return wanted;
  return Math.ceil(size / s3Limits.maxParts / mebibyte) * mebibyte;
}

/** Bytes that S3 copies by one request at most: few enough requests, and each over within a minute. */
const copiedPart = 256 * mebibyte;

/** Bytes of each part but the last of a copy within S3. */
export function copiedPartSize(size: number): number {
  return s3PartSize(size, copiedPart);
}

/** Bytes of each chunk but the last of a GCS upload session: the preferred size in whole multiples of 256 KiB. */
export function gcsChunkSize(preferred: number = preferredPart): number {
  return Math.max(1, Math.ceil(preferred / gcsLimits.chunkMultiple)) * gcsLimits.chunkMultiple;
}

/** How many parts `size` bytes make; none of an empty object. Exact, as all sizes here stay far below 2^53. */
export function partCount(size: number, partSize: number): number {
  return Math.ceil(size / partSize);
}

/** The bytes that part `number`, from 1, covers: all but the last are `partSize` long. */
export function partRange(number: number, size: number, partSize: number): ByteRange {
  const start = (number - 1) * partSize;
  return { start, end: Math.min(size, start + partSize) };
}

/**
 * The part size that somebody asked for, if the store can take it. A larger one is used where 10,000 parts of it
 * would not do.
 * @throws UsageError
 */
export function askedPartSize(scheme: 's3' | 'gs', bytes: number): number {
  const multiple = scheme === 'gs' ? gcsLimits.chunkMultiple : 1;
  if (bytes >= s3Limits.minPart && bytes <= s3Limits.maxPart && bytes % multiple === 0) return bytes;
  throw new UsageError(`--part-size ${bytes} cannot be a part of ${scheme === 'gs' ? 'a GCS' : 'an S3'} upload`, {
    hint: `Parts have 5 MiB to 5 GiB${scheme === 'gs' ? ', in whole multiples of 256 KiB' : ''}; 16MiB is the default.`,
  });
}
