import type { IncomingMessage } from 'node:http';
import { gunzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';
import { ApiError, conditionNotMet } from './api-error.ts';
import type { Generation, StrictBucket } from './strict-bucket.ts';

/** Bytes of an object: `alt=media`, and what a signed URL gives. @throws ApiError */
export function mediaOf(bucket: StrictBucket, name: string, query: URLSearchParams, request: IncomingMessage): Answer {
  const object = bucket.find(name, query.get('generation'));
  const match = query.get('ifGenerationMatch');
  if (match !== null && match !== object.generation) throw conditionNotMet();
  if (query.get('ifGenerationNotMatch') === object.generation) throw new ApiError(304, 'notModified', 'Not Modified');
  const disposition = query.get('response-content-disposition');
  const headers = { ...headersOf(object), ...(disposition === null ? {} : { 'content-disposition': disposition }) };
  if (unpacks(object, request)) {
    // "The range is silently ignored, and the whole object is returned": docs on transcoding.
    const { 'content-encoding': _, ...plain } = headers as Record<string, string>;
    const unpacked = { ...plain, 'transfer-encoding': 'chunked', warning: '214 UploadServer gunzipped' };
    return { status: 200, headers: unpacked, body: gunzipSync(object.bytes) };
  }
  const size = object.bytes.length;
  const range = rangeOf(request.headers.range, size);
  if (range === undefined) return { status: 200, headers, body: object.bytes };
  if (range.start >= size) {
    const body = Buffer.from('The requested range cannot be satisfied.');
    return { status: 416, headers: { 'content-range': `bytes */${size}`, 'content-type': 'text/plain' }, body };
  }
  const span = `bytes ${range.start}-${range.end - 1}/${size}`;
  const body = object.bytes.subarray(range.start, range.end);
  return { status: 206, headers: { ...headers, 'content-range': span }, body };
}

function headersOf(object: Generation): Record<string, string> {
  const { contentType = 'application/octet-stream', contentEncoding, cacheControl } = object.meta;
  return {
    'content-type': contentType,
    'accept-ranges': 'bytes',
    etag: `"${object.generation}"`,
    'x-goog-generation': object.generation,
    'x-goog-metageneration': '1',
    'x-goog-hash': `crc32c=${object.crc32c},md5=${object.md5Hash}`,
    'x-goog-stored-content-encoding': contentEncoding ?? 'identity',
    'x-goog-stored-content-length': String(object.bytes.length),
    ...(contentEncoding === undefined ? {} : { 'content-encoding': contentEncoding }),
    ...(cacheControl === undefined ? {} : { 'cache-control': cacheControl }),
  };
}

/** Decompressive transcoding. */
function unpacks(object: Generation, request: IncomingMessage): boolean {
  if (object.meta.contentEncoding !== 'gzip' || /no-transform/.test(object.meta.cacheControl ?? '')) return false;
  return !/\bgzip\b/.test(String(request.headers['accept-encoding'] ?? ''));
}

function rangeOf(header: string | undefined, size: number): { start: number; end: number } | undefined {
  const match = /^bytes=(\d*)-(\d*)$/.exec(header ?? '');
  if (match === null || (match[1] === '' && match[2] === '')) return undefined;
  if (match[1] === '') return { start: Math.max(0, size - Number(match[2])), end: size };
  const end = match[2] === '' ? size : Math.min(size, Number(match[2]) + 1);
  return { start: Number(match[1]), end };
}
