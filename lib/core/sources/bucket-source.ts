import { decodePart, encodePath } from './percent-encoding.ts';
import type { SourceRef } from './source-ref.ts';

type S3Ref = Extract<SourceRef, { scheme: 's3' }>;
type GoogleStorageRef = Extract<SourceRef, { scheme: 'gs' }>;

/** Loose on purpose: old buckets have capitals and underscores, and the store says what it does not have. */
const bucketName = /^[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/u;
/** S3 and GCS allow keys of at most 1,024 bytes of UTF-8. */
const maximumKeyBytes = 1024;

/** `s3://bucket/key[?versionId=…]`, the key percent-encoded. */
export function parseS3(uri: string): S3Ref | { problem: string } {
  if (uri.includes('#')) return { problem: 'write # as %23 in a key; an S3 version is given as ?versionId=…' };
  const [location = '', query, ...more] = uri.split('?');
  const object = parseObject(location, 's3');
  if ('problem' in object) return object;
  if (query === undefined) return { scheme: 's3', uri, ...object, versionId: undefined };
  const encoded = /^versionId=([^&;=]+)$/u.exec(query)?.[1];
  if (encoded === undefined || more.length > 0) {
    return { problem: 'the only parameter of an s3:// source is ?versionId=…; write ? in a key as %3F' };
  }
  const versionId = decodePart(encoded, 'the version id');
  return 'problem' in versionId ? versionId : { scheme: 's3', uri, ...object, versionId: versionId.text };
}

/** `gs://bucket/key[#generation]`, the key percent-encoded. */
export function parseGoogleStorage(uri: string): GoogleStorageRef | { problem: string } {
  if (uri.includes('?')) return { problem: 'a gs:// source takes no query; write ? in a key as %3F' };
  const [location = '', generation, ...more] = uri.split('#');
  const object = parseObject(location, 'gs');
  if ('problem' in object) return object;
  if (more.length > 0 || (generation !== undefined && !/^[1-9][0-9]{0,19}$/u.test(generation))) {
    return { problem: 'after # stands the generation, a number; write # in a key as %23' };
  }
  return { scheme: 'gs', uri, ...object, generation };
}

export function formatBucketSource(ref: S3Ref | GoogleStorageRef): string {
  const object = `${ref.scheme}://${ref.bucket}/${encodePath(ref.key)}`;
  if (ref.scheme === 's3') {
    return ref.versionId === undefined ? object : `${object}?versionId=${encodeURIComponent(ref.versionId)}`;
  }
  return ref.generation === undefined ? object : `${object}#${ref.generation}`;
}

function parseObject(location: string, scheme: string): { bucket: string; key: string } | { problem: string } {
  const match = /^[a-z0-9]+:\/\/([^/]*)(?:\/(.*))?$/u.exec(location);
  const bucket = match?.[1] ?? '';
  if (!bucketName.test(bucket)) return { problem: `the bucket is no name; write ${scheme}://bucket/key` };
  const key = decodePart(match?.[2] ?? '', 'the key');
  if ('problem' in key) return key;
  if (key.text === '' || key.text.endsWith('/')) {
    return { problem: `the key of one object is missing; write ${scheme}://bucket/key` };
  }
  if (Buffer.byteLength(key.text) > maximumKeyBytes) return { problem: `keys have at most ${maximumKeyBytes} bytes` };
  return { bucket, key: key.text };
}
