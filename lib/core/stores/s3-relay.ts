import { Crc32c } from '../digest/crc32c.ts';
import { preferredPart, s3PartSize } from './part-sizes.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { createUpload } from './s3-parts.ts';
import { readObject } from './s3-reads.ts';
import { S3Upload } from './s3-upload.ts';
import { putObject } from './s3-writes.ts';
import { type ObjectAttributes, type ObjectStat, type PutResult, StoreError } from './store.ts';

/**
 * A copy for servers that cannot copy parts into an upload with checksums (MinIO): the bytes pass through this
 * process, one part at a time, and are checked like those of any upload.
 * @throws NotFound when the source is gone; StoreError when it changed, or its checksum is another than the one given.
 */
export async function relayObject(
  bucket: S3Bucket,
  from: ObjectStat,
  toKey: string,
  crc32c: string | undefined,
  attributes: ObjectAttributes,
  signal: AbortSignal,
): Promise<PutResult> {
  if (from.size <= preferredPart) {
    const bytes = await readPart(bucket, from, 0, from.size, signal);
    const actual = Crc32c.ofBytes(bytes).base64;
    if (crc32c !== undefined && actual !== crc32c) {
      throw new StoreError(`${from.key} has another checksum`, { evidence: { expected: crc32c, actual } });
    }
    return await putObject(bucket, toKey, bytes, { ifAbsent: true }, attributes);
  }
  const id = await createUpload(bucket, toKey, attributes, 'copy');
  const partSize = s3PartSize(from.size);
  const upload = new S3Upload({ bucket, key: toKey, id, request: { ...attributes, size: from.size }, partSize });
  try {
    let whole = Crc32c.empty;
    for (let start = 0; start < from.size; start += partSize) {
      const bytes = await readPart(bucket, from, start, Math.min(from.size, start + partSize), signal);
      const part = Crc32c.ofBytes(bytes);
      await upload.writePart(start / partSize + 1, bytes, part.base64, signal);
      whole = whole.concat(part);
    }
    return await upload.complete({ size: from.size, sha256: '', crc32c: crc32c ?? whole.base64 }, signal);
  } catch (error) {
    await upload.abort();
    throw error;
  }
}

async function readPart(
  bucket: S3Bucket,
  from: ObjectStat,
  start: number,
  end: number,
  signal: AbortSignal,
): Promise<Uint8Array> {
  const { key, etag, version } = from;
  const options = { range: { start, end }, etag, signal, ...(version === undefined ? {} : { version }) };
  const bytes = new Uint8Array(end - start);
  let at = 0;
  for await (const piece of readObject(bucket, key, options)) {
    bytes.set(piece, at);
    at += piece.byteLength;
  }
  return bytes;
}
