import {
  AbortMultipartUploadCommand,
  CreateMultipartUploadCommand,
  ListMultipartUploadsCommand,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import type { S3Bucket } from './s3-bucket.ts';
import { S3Fault } from './s3-fault.ts';
import { decoded } from './s3-reads.ts';
import { storedAs } from './s3-writes.ts';
import { type ObjectAttributes, StoreError } from './store.ts';

/** A part as S3 lists it. */
export interface ListedPart {
  readonly number: number;
  readonly size: number;
  readonly etag: string;
  /** Base64; absent where the server kept none. */
  readonly crc32c: string | undefined;
}

/** A multipart upload as S3 lists it, by its key within the store. */
export interface ListedUpload {
  readonly key: string;
  readonly id: string;
  readonly startedAt: Date;
}

/** Begins a multipart upload whose parts and whole are checked by CRC32C. @returns its id. */
export async function createUpload(
  bucket: S3Bucket,
  key: string,
  attributes: ObjectAttributes,
  kind: 'put' | 'copy' = 'put',
): Promise<string> {
  const command = new CreateMultipartUploadCommand({
    ...bucket.object(key),
    ...storedAs(bucket.options.settings, attributes),
    ChecksumAlgorithm: 'CRC32C',
    ChecksumType: 'FULL_OBJECT',
  });
  const request = { kind, action: 's3:PutObject', key } as const;
  const { UploadId } = await bucket.send(request, (options) => bucket.client.send(command, options));
  if (UploadId === undefined) throw new StoreError(`${bucket.options.url} began an upload without an id`);
  return UploadId;
}

/** The last is MinIO's answer to an id that never was one of its own. */
const goneUpload = ['NoSuchUpload', 'NoSuchKey', 'XMinioInvalidResourceName'];

/** All parts of an upload, by number; undefined when the upload is gone. */
export async function listParts(
  bucket: S3Bucket,
  key: string,
  id: string,
  signal?: AbortSignal,
): Promise<readonly ListedPart[] | undefined> {
  const parts: ListedPart[] = [];
  for (let marker: string | undefined; ; ) {
    const command = new ListPartsCommand({
      ...bucket.object(key),
      UploadId: id,
      ...(marker === undefined ? {} : { PartNumberMarker: marker }),
    });
    const action = 's3:ListMultipartUploadParts';
    const request = { kind: 'list', action, key, signal, expects: goneUpload } as const;
    const page = await bucket.ask(request, (options) => bucket.client.send(command, options));
    if (page instanceof S3Fault) return undefined;
    for (const { PartNumber, Size, ETag, ChecksumCRC32C } of page.Parts ?? []) {
      parts.push({ number: PartNumber ?? 0, size: Size ?? 0, etag: ETag ?? '', crc32c: ChecksumCRC32C });
    }
    if (page.IsTruncated !== true) return parts.sort((some, other) => some.number - other.number);
    const next = page.NextPartNumberMarker;
    if (next === undefined || next === marker)
      throw new StoreError(`${bucket.options.url} does not say how the list of parts goes on`);
    marker = next;
  }
}

/** A part that was under way may be stored after the abort, and is billed until the upload is aborted again. */
const abortAttempts = 5;

/** Aborts until nothing is left; an upload that is gone is fine. */
export async function abortUpload(bucket: S3Bucket, key: string, id: string): Promise<void> {
  for (let attempt = 1; attempt <= abortAttempts; attempt += 1) {
    const command = new AbortMultipartUploadCommand({ ...bucket.object(key), UploadId: id });
    const request = {
      kind: 'abort',
      action: 's3:AbortMultipartUpload',
      key,
      expects: goneUpload,
    } as const;
    const answer = await bucket.ask(request, (options) => bucket.client.send(command, options));
    if (answer instanceof S3Fault) return;
    const left = await listParts(bucket, key, id);
    if (left === undefined || left.length === 0) return;
    await bucket.options.clock.sleep(0.2 * attempt);
  }
  throw new StoreError(`parts of the upload of ${key} to ${bucket.options.url} remain, though it was aborted`);
}

/** Unfinished uploads below a prefix. */
export async function* listUploads(bucket: S3Bucket, prefix: string): AsyncGenerator<ListedUpload> {
  const start = bucket.options.prefix + prefix;
  let found = start === '';
  for await (const upload of pages(bucket, start)) {
    found = true;
    yield upload;
  }
  // MinIO lists uploads by a prefix only where it is a whole key; Amazon's answer is complete.
  if (found || bucket.options.client.config.isCustomEndpoint !== true) return;
  for await (const upload of pages(bucket, '')) {
    if (upload.key.startsWith(prefix)) yield upload;
  }
}

async function* pages(bucket: S3Bucket, prefix: string): AsyncGenerator<ListedUpload> {
  for (let at: { readonly KeyMarker: string; readonly UploadIdMarker?: string } | undefined; ; ) {
    const command = new ListMultipartUploadsCommand({ ...bucket.whole(), Prefix: prefix, EncodingType: 'url', ...at });
    // versitygw refuses its own marker, and goes on by key alone: then several uploads of one key may be passed over.
    const expects = at?.UploadIdMarker === undefined ? [] : ['InvalidArgument'];
    const request = { kind: 'list', action: 's3:ListBucketMultipartUploads', expects } as const;
    const page = await bucket.ask(request, (options) => bucket.client.send(command, options));
    if (page instanceof S3Fault) {
      at = { KeyMarker: at?.KeyMarker ?? '' };
      continue;
    }
    const decode = page.EncodingType === 'url' ? decoded : (key: string) => key;
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined) continue;
      const key = decode(Key);
      if (!key.startsWith(bucket.options.prefix)) continue;
      yield { key: bucket.within(key), id: UploadId, startedAt: Initiated ?? new Date(0) };
    }
    if (page.IsTruncated !== true) return;
    const { NextKeyMarker, NextUploadIdMarker } = page;
    const key = NextKeyMarker === undefined ? '' : decode(NextKeyMarker);
    if (key === '' || (key === at?.KeyMarker && NextUploadIdMarker === at.UploadIdMarker)) {
      throw new StoreError(`${bucket.options.url} does not say how the list of uploads goes on`);
    }
    at = { KeyMarker: key, ...(NextUploadIdMarker === undefined ? {} : { UploadIdMarker: NextUploadIdMarker }) };
  }
}
