import { randomUUID } from 'node:crypto';
import { PutObjectCommand, type PutObjectCommandInput } from '@aws-sdk/client-s3';
import { Crc32c } from '../digest/crc32c.ts';
import type { S3Settings } from './bucket-access.ts';
import type { S3Bucket } from './s3-bucket.ts';
import { S3Fault } from './s3-fault.ts';
import { headWritten, type WrittenObject } from './s3-reads.ts';
import { etagOf, isWritten, s3Stat, writeMark } from './s3-stat.ts';
import { wrongBytes } from './s3-wrong-bytes.ts';
import { type ObjectAttributes, type PutCondition, type PutResult, StoreError } from './store.ts';

/**
 * One conditional put. Where an attempt was not answered and a later one finds the condition broken, what is there
 * decides: of a swap the mark that it left; of a creation exactly these bytes with these attributes, whoever put them.
 */
export async function putObject(
  bucket: S3Bucket,
  key: string,
  bytes: Uint8Array,
  condition: PutCondition,
  attributes: ObjectAttributes,
): Promise<PutResult> {
  const crc32c = Crc32c.ofBytes(bytes).base64;
  const mark = 'ifMatch' in condition ? randomUUID() : undefined;
  const metadata = { ...attributes.metadata, ...(mark === undefined ? {} : { [writeMark]: mark }) };
  const input: PutObjectCommandInput = {
    ...bucket.object(key),
    ...storedAs(bucket.options.settings, { ...attributes, metadata }),
    ...('ifAbsent' in condition ? { IfNoneMatch: '*' } : { IfMatch: condition.ifMatch }),
    Body: bytes,
    ContentLength: bytes.byteLength,
    ChecksumCRC32C: crc32c,
  };
  const written = { size: bytes.byteLength, crc32c, metadata: attributes.metadata };
  const isOwn = (there: WrittenObject): boolean =>
    mark === undefined ? isWritten(there.stat, { ...written, etag: etagOf(bytes) }) : there.mark === mark;
  let unanswered = false;
  const expects = ['PreconditionFailed', ...('ifAbsent' in condition ? [] : ['NoSuchKey'])];
  const request = {
    kind: 'put',
    action: 's3:PutObject',
    key,
    expects,
    onUnanswered: () => {
      unanswered = true;
    },
  } as const;
  const answer = await bucket.ask(request, async (options) => {
    // Looked at first, because a server that refuses before it has read a large body resets the connection.
    const decided = unanswered ? await settled(bucket, key, condition, isOwn) : undefined;
    if (decided !== undefined) return decided;
    try {
      return await bucket.client.send(new PutObjectCommand(input), options);
    } catch (error) {
      throw wrongBytes(error, key, bytes, crc32c) ?? error;
    }
  });
  if ('outcome' in answer) return answer;
  if (!(answer instanceof S3Fault)) {
    return {
      outcome: 'created',
      stat: s3Stat(key, bytes.byteLength, { ...answer, ChecksumType: 'FULL_OBJECT', Metadata: metadata }),
    };
  }
  if (answer.is('NoSuchKey')) return { outcome: 'exists', stat: undefined };
  const there = await headWritten(bucket, key);
  if (there === undefined) return { outcome: 'exists', stat: undefined };
  return { outcome: unanswered && isOwn(there) ? 'created' : 'exists', stat: there.stat };
}

/** What an attempt that was not answered did, where that can be seen; undefined where it has to be made again. */
async function settled(
  bucket: S3Bucket,
  key: string,
  condition: PutCondition,
  isOwn: (there: WrittenObject) => boolean,
): Promise<PutResult | undefined> {
  const there = await headWritten(bucket, key);
  if (there !== undefined && isOwn(there)) return { outcome: 'created', stat: there.stat };
  const stat = there?.stat;
  const holds = 'ifAbsent' in condition ? stat === undefined : stat?.etag === condition.ifMatch;
  return holds ? undefined : { outcome: 'exists', stat };
}

/** The headers by which a new object is stored, for a put and for the beginning of an upload. @throws StoreError. */
export function storedAs(settings: S3Settings, attributes: ObjectAttributes) {
  const { storageClass, encryption, kmsKeyId, tags } = settings;
  const { contentType, cacheControl, metadata } = attributes;
  for (const [name, value] of Object.entries(metadata ?? {})) {
    // Anything else S3 would give back in another form than it was given.
    if (!/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(value)) {
      throw new StoreError(`the metadata ${name} holds characters that S3 does not keep`);
    }
  }
  return {
    ...(contentType === undefined ? {} : { ContentType: contentType }),
    ...(cacheControl === undefined ? {} : { CacheControl: cacheControl }),
    ...(metadata === undefined ? {} : { Metadata: { ...metadata } }),
    ...(storageClass === undefined ? {} : { StorageClass: storageClass as 'STANDARD' }),
    ...(encryption === undefined ? {} : { ServerSideEncryption: encryption }),
    ...(kmsKeyId === undefined ? {} : { SSEKMSKeyId: kmsKeyId }),
    ...(tags === undefined ? {} : { Tagging: new URLSearchParams({ ...tags }).toString() }),
  };
}
