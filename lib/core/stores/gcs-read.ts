import { rangeHeader } from '../byte-range.ts';
import { Crc32c } from '../digest/crc32c.ts';
import { NotFound } from '../errors.ts';
import type { GcsReply, GcsStream } from './gcs-channel.ts';
import { unexpected } from './gcs-errors.ts';
import { generationOf } from './gcs-object.ts';
import type { GcsPlace } from './gcs-place.ts';
import { changedMeanwhile, type ReadOptions, type StoredObject, StoreError, tooLarge } from './store.ts';

/**
 * Objects stored with `Content-Encoding: gzip` are unpacked on their way out ("decompressive transcoding") unless the
 * reader says that it takes gzip. Nothing here unpacks them either: bytes come as they are stored.
 */
const asStored = { 'accept-encoding': 'gzip' };

/**
 * The whole of a small object; the answer's headers say which generation it is.
 *
 * What everybody may read comes from Google's own cache for as long as its `Cache-Control` allows (docs, "Caching"), so
 * a registry may be a minute old, and a swap of it would fail for that long. An answer that is older than a generation
 * known to be there is therefore replaced by that one; generations grow.
 * @param known The newest generation that this process has seen.
 */
export async function getObject(
  place: GcsPlace,
  key: string,
  limit: number,
  known?: string,
): Promise<StoredObject | undefined> {
  const found = await getOne(place, key, limit);
  if (found === undefined || known === undefined || BigInt(found.stat.etag) >= BigInt(known)) return found;
  return (await getOne(place, key, limit, known)) ?? found;
}

async function getOne(
  place: GcsPlace,
  key: string,
  limit: number,
  version?: string,
): Promise<StoredObject | undefined> {
  return await place.channel.patiently(async () => {
    const stop = new AbortController();
    const request = mediaRequest(place, key, { signal: stop.signal, ...(version === undefined ? {} : { version }) });
    const reply = await place.channel.stream(request);
    if (reply.status === 404) return undefined;
    if (!('body' in reply)) throw unexpected(reply, place.channel.context(request));
    const generation = reply.header('x-goog-generation');
    const size = storedLength(reply);
    if (generation === undefined || size === undefined) {
      stop.abort();
      throw new StoreError(`reading ${key}: gs://${place.channel.bucket} does not say which object it sends`);
    }
    if (size > limit) {
      stop.abort();
      throw tooLarge(key, place.url, limit);
    }
    const pieces: Uint8Array[] = [];
    for await (const piece of exactly(reply.body, size, key)) pieces.push(piece);
    const bytes = Buffer.concat(pieces);
    const crc32c = Crc32c.ofBytes(bytes).base64;
    if ((declaredCrc32c(reply) ?? crc32c) !== crc32c) throw wrongBytes(key);
    return { stat: { key, size, etag: generation, version: generation, crc32c }, bytes };
  });
}

/** Streams an object or a range, of one generation however long it takes. */
export async function* readObject(place: GcsPlace, key: string, options: ReadOptions): AsyncGenerator<Uint8Array> {
  const { range, version, etag, signal } = options;
  if (etag !== undefined && (generationOf(etag) === undefined || (version !== undefined && version !== etag))) {
    throw changedMeanwhile(key);
  }
  const start = range?.start ?? 0;
  if (range !== undefined && (start < 0 || start > range.end)) throw outside(key, range.end);
  if (range !== undefined && start === range.end) return;
  const request = mediaRequest(place, key, options);
  const reply = await place.channel.stream(request);
  if (reply.status === 404) throw new NotFound(`${key} is not in ${place.url}`, { evidence: { key } });
  if (reply.status === 412) throw changedMeanwhile(key);
  if (reply.status === 416) throw outside(key, range?.end ?? 0);
  if (!('body' in reply)) throw unexpected(reply, place.channel.context(request));
  const wanted = version ?? etag;
  if (wanted !== undefined && (reply.header('x-goog-generation') ?? wanted) !== wanted) {
    await reply.body[Symbol.asyncIterator]().return?.();
    throw changedMeanwhile(key);
  }
  signal?.throwIfAborted();
  yield* exactly(
    reply.body,
    range === undefined ? lengthOf(reply, key) : rangeLengthOf(reply, key, start, range.end),
    key,
  );
}

function mediaRequest({ channel, prefix }: GcsPlace, key: string, { range, version, etag, signal }: ReadOptions) {
  return {
    kind: 'get',
    doing: `reading ${key}`,
    method: 'GET',
    at: channel.objectPath(prefix + key),
    query: { alt: 'media', generation: version, ifGenerationMatch: version === undefined ? etag : undefined },
    headers: range === undefined ? asStored : { ...asStored, range: rangeHeader(range) },
    signal,
  } as const;
}

/** Bytes as they lie in the bucket, whole. */
function storedLength(reply: GcsStream | GcsReply): number | undefined {
  const text = reply.header('x-goog-stored-content-length') ?? reply.header('content-length');
  return text === undefined || !/^\d{1,15}$/.test(text) ? undefined : Number(text);
}

function lengthOf(reply: GcsStream, key: string): number {
  const length = storedLength(reply);
  if (length === undefined) throw new StoreError(`reading ${key}: the answer has no length`);
  return length;
}

function rangeLengthOf(reply: GcsStream, key: string, start: number, end: number): number {
  const match = /^bytes (\d+)-(\d+)\/(\d+)$/.exec(reply.header('content-range') ?? '');
  if (match === null || Number(match[1]) !== start) {
    throw new StoreError(`reading ${key}: the answer is not the range that was asked for`, { retryable: true });
  }
  if (Number(match[3]) < end) throw outside(key, end);
  return end - start;
}

/** What was sent is counted, whatever was declared. */
async function* exactly(body: AsyncIterable<Uint8Array>, length: number, key: string): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const piece of body) {
    seen += piece.byteLength;
    if (seen > length) throw otherLength(key, length, seen);
    yield piece;
  }
  if (seen < length) throw otherLength(key, length, seen);
}

/** `crc32c=…,md5=…`, of the stored bytes. */
function declaredCrc32c(reply: GcsStream): string | undefined {
  return /(?:^|,)\s*crc32c=([A-Za-z0-9+/]{6}==)/.exec(reply.header('x-goog-hash') ?? '')?.[1];
}

function otherLength(key: string, expected: number, actual: number): StoreError {
  const message = `reading ${key}: ${actual > expected ? 'more' : 'fewer'} bytes came than it has`;
  return new StoreError(message, { retryable: true, evidence: { key, expected, actual } });
}

function wrongBytes(key: string): StoreError {
  return new StoreError(`reading ${key}: the bytes that came are not those that are stored`, { retryable: true });
}

function outside(key: string, end: number): StoreError {
  return new StoreError(`${key} does not have the range up to byte ${end}`, { evidence: { key } });
}
