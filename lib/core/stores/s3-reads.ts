import type { Readable } from 'node:stream';
import {
  GetObjectCommand,
  type GetObjectCommandOutput,
  HeadObjectCommand,
  ListObjectsV2Command,
} from '@aws-sdk/client-s3';
import { rangeHeader } from '../byte-range.ts';
import { Crc32c } from '../digest/crc32c.ts';
import type { S3Bucket, S3Request } from './s3-bucket.ts';
import { S3Fault } from './s3-fault.ts';
import { s3Stat, writeMark } from './s3-stat.ts';
import { type ObjectStat, type ReadOptions, type StoredObject, StoreError, tooLarge } from './store.ts';

const missing = ['NoSuchKey', 'NotFound', '404'];

/** Undefined when it is missing, or may not be looked at. @throws StoreError when the bucket is missing. */
export async function headObject(bucket: S3Bucket, key: string): Promise<ObjectStat | undefined> {
  return (await headWritten(bucket, key))?.stat;
}

/** An object, and the mark of the write that put it there; undefined where that carried none. */
export interface WrittenObject {
  readonly stat: ObjectStat;
  readonly mark: string | undefined;
}

/** As `headObject`, with the mark. */
export async function headWritten(bucket: S3Bucket, key: string): Promise<WrittenObject | undefined> {
  if (bucket.options.writeOnly === true) return undefined;
  const request = { kind: 'head', action: 's3:GetObject', key, expects: missing } as const;
  const command = new HeadObjectCommand({ ...bucket.object(key), ChecksumMode: 'ENABLED' });
  const answer = await bucket.ask(request, (options) => bucket.client.send(command, options));
  if (answer instanceof S3Fault) {
    await bucket.mustExist();
    return undefined;
  }
  return { stat: s3Stat(key, answer.ContentLength ?? 0, answer), mark: answer.Metadata?.[writeMark] };
}

/** As `headObject`, of one version. A text that is no version id at all is refused with 400, and without a body. */
export async function headVersion(bucket: S3Bucket, key: string, version: string): Promise<ObjectStat | undefined> {
  const expects = [...missing, 'NoSuchVersion', 'MethodNotAllowed', 'InvalidArgument', 'BadRequest', '400', '405'];
  const request = { kind: 'head', action: 's3:GetObjectVersion', key, expects } as const;
  const command = new HeadObjectCommand({ ...bucket.object(key), VersionId: version, ChecksumMode: 'ENABLED' });
  const answer = await bucket.ask(request, (options) => bucket.client.send(command, options));
  if (!(answer instanceof S3Fault)) return s3Stat(key, answer.ContentLength ?? 0, answer);
  await bucket.mustExist();
  return undefined;
}

/** A small object and what it was at that moment, in one request. */
export async function getObject(bucket: S3Bucket, key: string, limit: number): Promise<StoredObject | undefined> {
  const request = { kind: 'get', action: 's3:GetObject', key, expects: ['NoSuchKey'] } as const;
  const found = await bucket.ask(request, async (options) => {
    const answer = await bucket.client.send(
      new GetObjectCommand({ ...bucket.object(key), ChecksumMode: 'ENABLED' }),
      options,
    );
    const size = answer.ContentLength ?? 0;
    const body = bodyOf(answer);
    if (size > limit) {
      body.destroy();
      throw tooLarge(key, bucket.options.url, limit);
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of counted(body, size, key)) pieces.push(piece);
    const stat = s3Stat(key, size, answer);
    const bytes = Buffer.concat(pieces);
    // versitygw may answer with the tag of one object and the bytes of the one before it.
    if (stat.crc32c !== undefined && Crc32c.ofBytes(bytes).base64 !== stat.crc32c) {
      throw new StoreError(`${key} was not read with the bytes that its checksum is of`, { retryable: true });
    }
    return { stat, bytes };
  });
  return found instanceof S3Fault ? undefined : found;
}

/**
 * Streams an object or a range of it. What fails before the first byte is tried again here; later it is the
 * caller's, who knows what it has.
 * @throws NotFound, NotAuthorised; StoreError, retryable where the connection broke or the object was replaced.
 */
export async function* readObject(bucket: S3Bucket, key: string, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const { range, version, etag, signal } = options;
  signal?.throwIfAborted();
  if (range !== undefined && range.start === range.end) return;
  const request: S3Request = {
    kind: 'get',
    action: version === undefined ? 's3:GetObject' : 's3:GetObjectVersion',
    key,
    signal,
  };
  const command = () =>
    new GetObjectCommand({
      ...bucket.object(key),
      ...(range === undefined ? {} : { Range: rangeHeader(range) }),
      ...(version === undefined ? {} : { VersionId: version }),
      ...(etag === undefined ? {} : { IfMatch: etag }),
    });
  // Asking again cannot help: the tag that was read by is gone.
  const asked = { ...request, expects: ['PreconditionFailed'] };
  const answer = await bucket.ask(asked, (sending) => bucket.client.send(command(), sending));
  if (answer instanceof S3Fault) {
    const evidence = { key, code: answer.code };
    throw new StoreError(`${key} of ${bucket.options.url} was changed in the meantime`, { evidence, retryable: true });
  }
  const body = bodyOf(answer);
  const size = range === undefined ? answer.ContentLength : range.end - range.start;
  if (size === undefined || (range !== undefined && !isRange(answer, range))) {
    body.destroy();
    throw new StoreError(`${key} of ${bucket.options.url} does not have the bytes that were asked for`, {
      evidence: { key, contentRange: answer.ContentRange },
    });
  }
  try {
    for await (const piece of counted(body, size, key)) {
      bucket.options.onReceived?.(piece.byteLength);
      yield piece;
      signal?.throwIfAborted();
    }
  } catch (error) {
    signal?.throwIfAborted();
    throw bucket.translate(error, request);
  } finally {
    body.destroy();
  }
}

/** Every object below a prefix, in the order that S3 keeps: that of the keys in UTF-8. */
export async function* listObjects(bucket: S3Bucket, prefix: string): AsyncGenerator<ObjectStat> {
  for (let token: string | undefined; ; ) {
    const command = new ListObjectsV2Command({
      ...bucket.whole(),
      Prefix: bucket.options.prefix + prefix,
      // XML cannot carry every character that a key may have.
      EncodingType: 'url',
      ...(token === undefined ? {} : { ContinuationToken: token }),
    });
    const request = { kind: 'list', action: 's3:ListBucket' } as const;
    const page = await bucket.send(request, (options) => bucket.client.send(command, options));
    const decode = page.EncodingType === 'url' ? decoded : (key: string) => key;
    for (const { Key, Size = 0, ETag } of page.Contents ?? []) {
      if (Key !== undefined) yield s3Stat(bucket.within(decode(Key)), Size, { ETag });
    }
    if (page.IsTruncated !== true) return;
    const next = page.NextContinuationToken;
    if (next === undefined || next === token) {
      throw new StoreError(`${bucket.options.url} does not say how its listing goes on`);
    }
    token = next;
  }
}

/** What `EncodingType: url` did: form encoding, in which a space is a plus. */
export function decoded(key: string): string {
  return decodeURIComponent(key.replaceAll('+', '%20'));
}

function bodyOf(answer: GetObjectCommandOutput): Readable {
  if (answer.Body === undefined) throw new StoreError('the store answered without a body', { retryable: true });
  return answer.Body as Readable;
}

function isRange(answer: GetObjectCommandOutput, range: { readonly start: number; readonly end: number }): boolean {
  return answer.ContentRange?.startsWith(`bytes ${range.start}-${range.end - 1}/`) === true;
}

/** @throws StoreError, retryable, for a body that is shorter or longer than it should be. */
async function* counted(body: Readable, size: number, key: string): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of body as AsyncIterable<Uint8Array>) {
    seen += piece.byteLength;
    if (seen > size) break;
    yield piece;
  }
  if (seen === size) return;
  const evidence = { key, expected: size, actual: seen };
  throw new StoreError(`${key} came with ${seen > size ? 'more' : 'fewer'} bytes than it has`, {
    evidence,
    retryable: true,
  });
}
