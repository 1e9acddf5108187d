import { rangeHeader } from '../byte-range.ts';
import { type Clock, systemClock } from '../clock.ts';
import { NotAuthorised, NotFound, UsageError } from '../errors.ts';
import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { waitFor } from '../http/rate-limit.ts';
import { MirrorError } from './mirror-errors.ts';
import type { MirrorBody, MirrorReader, MirrorStat, OpenOptions } from './mirror-reader.ts';
import { objectBody, objectStat } from './object-body.ts';

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
    return objectStat(response);
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
      const whole = response.status === 200;
      if (!whole && (response.status !== 206 || range === undefined)) throw this.#fault(key, response);
      return objectBody(response, range, `${key} from ${this.url}`);
    } catch (error) {
      await response.discard();
      throw error;
    }
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
