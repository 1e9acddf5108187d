import { type ByteRange, rangeHeader } from '../byte-range.ts';
import { Sha256 } from '../digest/sha256.ts';
import type { HttpResponse } from '../http/http-client.ts';
import { MirrorError } from './mirror-errors.ts';
import type { MirrorBody, MirrorStat } from './mirror-reader.ts';

/**
 * The body of an object from a 200 or 206, after what its headers say was checked.
 * @param range what was asked for
 * @param what the object and where it is from, for messages
 * @throws MirrorError for another range, or a content coding; the caller discards the response
 */
export function objectBody(response: HttpResponse, range: ByteRange | undefined, what: string): MirrorBody {
  if (response.status === 206 && range !== undefined) {
    const sent = parseContentRange(response.header('content-range'));
    if (sent === undefined || sent.start !== range.start || sent.end !== range.end) {
      throw new MirrorError(`another range of ${what} came than was asked for`, {
        evidence: { expected: rangeHeader(range), actual: response.header('content-range') },
      });
    }
    return bodyOf(response, sent.start, sent.end - sent.start, sent.total, what);
  }
  refuseEncoding(response, what);
  const size = wholeLength(response);
  return bodyOf(response, 0, size, size, what);
}

/** What the headers say of the whole object. */
export function objectStat(response: HttpResponse, size: number | undefined = wholeLength(response)): MirrorStat {
  const tag = response.header('etag');
  const etag = tag?.startsWith('"') ? tag : undefined;
  return {
    size,
    etag,
    claimedSha256: claimedDigest(response.header('repr-digest')) ?? Sha256.parse(etag?.slice(1, -1) ?? ''),
  };
}

function bodyOf(
  response: HttpResponse,
  start: number,
  length: number | undefined,
  size: number | undefined,
  what: string,
): MirrorBody {
  return {
    ...objectStat(response, size),
    start,
    bytes: exactly(response.body, length, what),
    discard: () => response.discard(),
  };
}

function wholeLength(response: HttpResponse): number | undefined {
  const text = response.header('content-length');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Weights have no content coding: a coded body has another length and other bytes than the object. */
function refuseEncoding(response: HttpResponse, what: string): void {
  const coding = response.header('content-encoding') ?? 'identity';
  if (coding === 'identity') return;
  throw new MirrorError(`${what} came with content coding ${JSON.stringify(coding)}, which was not asked for`);
}

function parseContentRange(text: string | undefined) {
  const match = /^bytes (\d+)-(\d+)\/(\d+|\*)$/.exec(text ?? '');
  if (match === null) return undefined;
  return {
    start: Number(match[1]),
    end: Number(match[2]) + 1,
    total: match[3] === '*' ? undefined : Number(match[3]),
  };
}

/** RFC 9530: `sha-256=:base64:` among other members. */
function claimedDigest(field: string | undefined): Sha256 | undefined {
  const match = /(?:^|[\s,])sha-256=:([A-Za-z0-9+/=]{44}):/.exec(field ?? '');
  return match === null ? undefined : Sha256.parse(Buffer.from(match[1] as string, 'base64').toString('hex'));
}

/** What came is counted, whatever was declared: too short and too long are both faults. */
async function* exactly(
  body: AsyncIterable<Uint8Array>,
  length: number | undefined,
  what: string,
): AsyncGenerator<Uint8Array> {
  let seen = 0;
  for await (const chunk of body) {
    seen += chunk.length;
    if (length !== undefined && seen > length) throw new MirrorError(`${what} is longer than declared`);
    yield chunk;
  }
  if (length !== undefined && seen !== length) {
    throw new MirrorError(`${what} ended after ${seen} of ${length} bytes`, { retryable: true });
  }
}
