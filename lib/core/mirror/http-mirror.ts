import { rangeHeader } from '../byte-range.ts';
import { type Clock, systemClock } from '../clock.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotAuthorised, NotFound, UsageError } from '../errors.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { waitFor } from '../http/rate-limit.ts';
import { MirrorError } from './mirror-errors.ts';
import type { MirrorBody, MirrorReader, MirrorStat, OpenOptions } from './mirror-reader.ts';

/** A mirror as consumers see it: the base URL of a published tree. */
export class HttpMirror implements MirrorReader {
  readonly url: string;
  readonly remote = true;
  readonly list = undefined;
  readonly foreign = undefined;
  readonly #base: URL;
  readonly #http: HttpClient;
  readonly #clock: Clock;

  /** @throws UsageError for a URL that is not the plain base of a tree. */
  constructor(url: string, http: HttpClient, clock: Clock = systemClock) {
    this.#base = parseBase(url);
    this.url = url;
    this.#http = http;
    this.#clock = clock;
  }

  async head(key: string, signal?: AbortSignal): Promise<MirrorStat | undefined> {
    const response = await this.#request('HEAD', key, {}, signal);
    await response.discard();
    if (isMissing(response.status)) return undefined;
    if (response.status !== 200) throw this.#fault(key, response);
    return statOf(response, wholeLength(response));
  }

  async open(key: string, options: OpenOptions = {}): Promise<MirrorBody> {
    const { range } = options;
    const headers: Record<string, string> = {};
    if (range !== undefined) {
      headers.range = rangeHeader(range);
      if (options.ifRange !== undefined) headers['if-range'] = options.ifRange;
    }
    const response = await this.#request('GET', key, headers, options.signal);
    try {
      if (isMissing(response.status)) throw new NotFound(`${key} is not at ${this.url}`, { evidence: { key } });
      if (response.status === 206 && range !== undefined) {
        const sent = parseContentRange(response.header('content-range'));
        if (sent === undefined || sent.start !== range.start || sent.end !== range.end) {
          throw new MirrorError(`${this.url} sent another range of ${key} than it was asked for`, {
            evidence: { expected: headers.range, actual: response.header('content-range') },
          });
        }
        return this.#body(key, response, sent.start, sent.end - sent.start, sent.total);
      }
      if (response.status !== 200) throw this.#fault(key, response);
      refuseEncoding(key, response);
      const size = wholeLength(response);
      return this.#body(key, response, 0, size, size);
    } catch (error) {
      await response.discard();
      throw error;
    }
  }

  #body(
    key: string,
    response: HttpResponse,
    start: number,
    length: number | undefined,
    size: number | undefined,
  ): MirrorBody {
    return {
      ...statOf(response, size),
      start,
      bytes: exactly(response.body, length, `${key} from ${this.url}`),
      discard: () => response.discard(),
    };
  }

  #request(method: 'GET' | 'HEAD', key: string, headers: Record<string, string>, signal: AbortSignal | undefined) {
    const url = new URL(key.split('/').map(encodeURIComponent).join('/'), this.#base);
    // A mirror is read as anybody reads it: tokens for upstreams are not its business.
    return this.#http.request({ method, url, headers, credentials: false, ...(signal && { signal }) });
  }

  #fault(key: string, response: HttpResponse): Error {
    const { status } = response;
    const evidence = { key, status };
    if (status === 401 || status === 403) {
      return new NotAuthorised(`${this.url} refuses ${key} (HTTP ${status})`, {
        evidence,
        hint: 'a bucket that may not be listed answers 403 for missing objects too: check the name, then the permissions',
      });
    }
    const wait = waitFor(response, this.#clock.now());
    return new MirrorError(`${this.url} answered HTTP ${status} for ${key}`, {
      evidence,
      retryable: status === 429 || status >= 500,
      ...(wait !== undefined && { retryAfter: wait }),
    });
  }
}

function parseBase(text: string): URL {
  const url = URL.parse(text);
  if (url === null || (url.protocol !== 'https:' && url.protocol !== 'http:')) {
    throw new UsageError('the base of a mirror is an http or https URL');
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    throw new UsageError(`the base of a mirror has no user, query or fragment: ${url.origin}${url.pathname}`);
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function isMissing(status: number): boolean {
  return status === 404 || status === 410;
}

function wholeLength(response: HttpResponse): number | undefined {
  const text = response.header('content-length');
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}

/** Weights have no content coding: a coded body has another length and other bytes than the object. */
function refuseEncoding(key: string, response: HttpResponse): void {
  const coding = response.header('content-encoding') ?? 'identity';
  if (coding === 'identity') return;
  throw new MirrorError(`${key} came with content coding ${JSON.stringify(coding)}, which was not asked for`);
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

function statOf(response: HttpResponse, size: number | undefined): MirrorStat {
  const tag = response.header('etag');
  const etag = tag?.startsWith('"') ? tag : undefined;
  return {
    size,
    etag,
    claimedSha256: claimedDigest(response.header('repr-digest')) ?? Sha256.parse(etag?.slice(1, -1) ?? ''),
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
