import { CompleteMultipartUploadCommand } from '@aws-sdk/client-s3';
import { rangeLength } from '../byte-range.ts';
import { Crc32c } from '../digest/crc32c.ts';
import { partCount, partRange } from './part-sizes.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { S3Fault } from './s3-fault.ts';
import { abortUpload, type ListedPart } from './s3-parts.ts';
import { headObject } from './s3-reads.ts';
import { isWritten, multipartEtag, s3Stat, type Written } from './s3-stat.ts';
import { type ObjectAttributes, type ObjectStat, type PutResult, StoreError } from './store.ts';

export interface CompletionRequest {
  readonly key: string;
  readonly id: string;
  readonly size: number;
  readonly parts: readonly ListedPart[];
  /** Base64, of the whole object. */
  readonly crc32c: string | undefined;
  readonly attributes: ObjectAttributes;
  readonly signal?: AbortSignal;
}

/**
 * Makes an upload visible, only if its key is absent. When an attempt is not answered, the key is looked at before
 * the next: S3 may have completed it, and then the upload is gone.
 * @throws StoreError (`freshUpload`): `NoSuchUpload` in its evidence when the upload is gone and nothing is there; with
 * `ConditionalRequestConflict` when S3 wants every part again, after the upload was aborted.
 */
export async function completeUpload(bucket: S3Bucket, request: CompletionRequest): Promise<PutResult> {
  const { key, id, size, parts, crc32c, attributes, signal } = request;
  const written: Written = { size, crc32c, etag: multipartEtag(parts), metadata: attributes.metadata };
  let unanswered = false;
  let found: ObjectStat | undefined;
  const asked = {
    kind: 'complete',
    action: 's3:PutObject',
    key,
    signal,
    expects: ['PreconditionFailed', 'NoSuchUpload', 'ConditionalRequestConflict'],
    onUnanswered: () => {
      unanswered = true;
    },
  } as const;
  const answer = await bucket.ask(asked, async (options) => {
    if (unanswered) {
      found = await headObject(bucket, key);
      if (found !== undefined && isWritten(found, written)) return undefined;
    }
    return await bucket.client.send(
      new CompleteMultipartUploadCommand({
        ...bucket.object(key),
        UploadId: id,
        IfNoneMatch: '*',
        MpuObjectSize: size,
        ...(crc32c === undefined ? {} : { ChecksumCRC32C: crc32c, ChecksumType: 'FULL_OBJECT' }),
        MultipartUpload: {
          Parts: parts.map((part) => ({
            PartNumber: part.number,
            ETag: part.etag,
            ...(part.crc32c === undefined ? {} : { ChecksumCRC32C: part.crc32c }),
          })),
        },
      }),
      options,
    );
  });
  if (answer !== undefined && !(answer instanceof S3Fault)) {
    // Completing what somebody completed already succeeds as well, but on some servers without saying what it became.
    const known = answer.ChecksumCRC32C === undefined ? await headObject(bucket, key) : undefined;
    if (known !== undefined) return { outcome: isWritten(known, written) ? 'created' : 'exists', stat: known };
    return { outcome: 'created', stat: s3Stat(key, size, { ...answer, Metadata: attributes.metadata }) };
  }
  if (answer?.is('ConditionalRequestConflict') === true) {
    await abortUpload(bucket, key, id);
    throw conflict(bucket, key);
  }
  const stat = found ?? (await headObject(bucket, key));
  const own = unanswered && stat !== undefined && isWritten(stat, written);
  if (answer?.is('NoSuchUpload') === true && stat === undefined) throw uploadGone(bucket, key);
  // Of the same bytes another writer may have been first: then this upload and its parts are still there.
  if (answer?.is('NoSuchUpload') !== true) await abortUpload(bucket, key, id);
  return own ? { outcome: 'created', stat } : { outcome: 'exists', stat };
}

/** @throws StoreError unless the parts are all there, have their sizes, and join to the checksum of the whole. */
export function checkParts(
  key: string,
  size: number,
  partSize: number,
  parts: readonly ListedPart[],
  crc32c: string | undefined,
): void {
  const count = partCount(size, partSize);
  let whole = Crc32c.empty;
  for (let number = 1; number <= count; number += 1) {
    const part = parts[number - 1];
    if (part === undefined || part.number !== number)
      throw new StoreError(`part ${number} of ${key} is missing`, {
        freshUpload: true,
        evidence: { key, part: number },
      });
    const expected = rangeLength(partRange(number, size, partSize));
    if (part.size !== expected) {
      throw new StoreError(`part ${number} of ${key} has ${part.size} bytes instead of ${expected}`, {
        freshUpload: true,
        evidence: { key, part: number },
      });
    }
    if (part.crc32c !== undefined) whole = whole.concat(Crc32c.fromBase64(part.crc32c, part.size));
  }
  if (parts.length > count) throw new StoreError(`${key} has parts beyond its ${count}`, { evidence: { key } });
  if (crc32c !== undefined && whole.length === size && whole.base64 !== crc32c) {
    throw new StoreError(`${key} as a whole has another checksum`, {
      freshUpload: true,
      evidence: { key, expected: crc32c, actual: whole.base64 },
    });
  }
}

export function uploadGone(bucket: S3Bucket, key: string): StoreError {
  const evidence = { key, code: 'NoSuchUpload' };
  return new StoreError(`the upload of ${key} to ${bucket.options.url} is gone`, { evidence, freshUpload: true });
}

/** S3 user guide, "Conditional writes": on 409 the upload must begin anew, with all its parts. */
function conflict(bucket: S3Bucket, key: string): StoreError {
  const evidence = { key, code: 'ConditionalRequestConflict' };
  const message = `${key} of ${bucket.options.url} was being deleted while it was published; it has to be uploaded again`;
  return new StoreError(message, { evidence, freshUpload: true });
}
