import { UploadPartCopyCommand } from '@aws-sdk/client-s3';
import pLimit from 'p-limit';
import { rangeHeader, splitRange } from '../byte-range.ts';
import { Crc32c } from '../digest/crc32c.ts';
import { copiedPartSize } from './part-sizes.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { checkParts, completeUpload } from './s3-complete.ts';
import { abortUpload, createUpload, type ListedPart } from './s3-parts.ts';
import { headObject } from './s3-reads.ts';
import { relayObject } from './s3-relay.ts';
import { putObject } from './s3-writes.ts';
import { type ObjectAttributes, type ObjectStat, type PutResult, StoreError } from './store.ts';

const atOnce = 8;
const never = new AbortController().signal;

/**
 * Copies within the bucket, only if the target is absent: by part ranges, since `CopyObject` takes no condition on
 * many servers and gives multipart objects another checksum.
 * @param crc32c Base64 of the whole: the copy appears only with it. Undefined: that of the source where it has one.
 * @throws NotFound when the source is gone; StoreError when it changed, or the copy's checksum is another; the
 * signal's reason, after what had been copied was removed.
 */
export async function copyObject(
  bucket: S3Bucket,
  from: ObjectStat,
  toKey: string,
  crc32c: string | undefined,
  attributes: ObjectAttributes,
  signal: AbortSignal = never,
): Promise<PutResult> {
  signal.throwIfAborted();
  if (from.size === 0) return await copyEmpty(bucket, from, toKey, attributes);
  if (bucket.copiesNoParts) return await relayObject(bucket, from, toKey, crc32c, attributes, signal);
  const id = await createUpload(bucket, toKey, attributes, 'copy');
  try {
    const partSize = copiedPartSize(from.size);
    const parts = await copyParts(bucket, from, toKey, id, partSize, signal);
    const whole = crc32c ?? from.crc32c ?? joined(parts);
    checkParts(toKey, from.size, partSize, parts, whole);
    return await completeUpload(bucket, { key: toKey, id, size: from.size, parts, crc32c: whole, attributes, signal });
  } catch (error) {
    await abortUpload(bucket, toKey, id);
    if (!wantsChecksum(error)) throw error;
    bucket.copiesNoParts = true;
    return await relayObject(bucket, from, toKey, crc32c, attributes, signal);
  }
}

/** MinIO: "checksum missing", for a part whose bytes only the server has seen. */
function wantsChecksum(error: unknown): boolean {
  return error instanceof StoreError && error.evidence.code === 'InvalidArgument' && /checksum/.test(error.message);
}

async function copyParts(
  bucket: S3Bucket,
  from: ObjectStat,
  toKey: string,
  id: string,
  partSize: number,
  signal: AbortSignal,
): Promise<readonly ListedPart[]> {
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const limit = pLimit(atOnce);
  const ranges = [...splitRange(0, from.size, partSize)];
  const copying = ranges.map((range, index) =>
    limit(async () => {
      const command = new UploadPartCopyCommand({
        ...bucket.object(toKey),
        ...sourceOwner(bucket),
        UploadId: id,
        PartNumber: index + 1,
        CopySource: copySource(bucket, from),
        CopySourceIfMatch: from.etag,
        CopySourceRange: rangeHeader(range),
      });
      const action = from.version === undefined ? 's3:GetObject' : 's3:GetObjectVersion';
      const request = { kind: 'copy', action, key: from.key, signal: either } as const;
      const answer = await bucket.send(request, (options) => bucket.client.send(command, options));
      const { ETag = '', ChecksumCRC32C: crc32c } = answer.CopyPartResult ?? {};
      return { number: index + 1, size: range.end - range.start, etag: ETag, crc32c };
    }),
  );
  try {
    return await Promise.all(copying);
  } catch (error) {
    // None may be under way when the upload is aborted.
    stop.abort(error);
    await Promise.allSettled(copying);
    throw error;
  }
}

async function copyEmpty(bucket: S3Bucket, from: ObjectStat, toKey: string, attributes: ObjectAttributes) {
  const now = await headObject(bucket, from.key);
  if (now?.size !== 0) throw new StoreError(`${from.key} was changed in the meantime`, { retryable: true });
  return await putObject(bucket, toKey, new Uint8Array(), { ifAbsent: true }, attributes);
}

function sourceOwner(bucket: S3Bucket) {
  const { expectedBucketOwner: owner } = bucket.options.settings;
  return owner === undefined ? {} : { ExpectedSourceBucketOwner: owner };
}

/** The SDK sends it as it is: a header with an encoded path. */
function copySource(bucket: S3Bucket, from: ObjectStat): string {
  const { Bucket, Key } = bucket.object(from.key);
  const path = Key.split('/').map(encodeURIComponent).join('/');
  return `${Bucket}/${path}${from.version === undefined ? '' : `?versionId=${encodeURIComponent(from.version)}`}`;
}

function joined(parts: readonly ListedPart[]): string | undefined {
  let whole = Crc32c.empty;
  for (const { size, crc32c } of parts) {
    if (crc32c === undefined) return undefined;
    whole = whole.concat(Crc32c.fromBase64(crc32c, size));
  }
  return whole.base64;
}
