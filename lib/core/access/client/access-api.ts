import { type Clock, systemClock } from '../../clock.ts';
import { NotAuthorised, UsageError } from '../../errors.ts';
import type { HttpClient, HttpResponse } from '../../http/http-client.ts';
import { bareHost } from '../../http/origin-rules.ts';
import { waitFor } from '../../http/rate-limit.ts';
import { MirrorError } from '../../mirror/mirror-errors.ts';
import { type UrlsAnswer, type UrlsRequest, urlsAnswerSchema } from '../wire.ts';
import type { AccessCredentials, ApiRequest } from './access-credentials.ts';
import { mayBeAccessApi } from './may-be-access-api.ts';

export interface AccessApiOptions {
  readonly http: HttpClient;
  readonly credentials: AccessCredentials;
  readonly clock?: Clock;
  /** Origins that may have a credential in plain http; loopback always may. */
  readonly trustedOrigins?: readonly string[];
}

/** URLs, and what this machine's clock said when they were asked for: their life is counted from there. */
export interface TimedUrls {
  readonly answer: UrlsAnswer;
  /** When `expiresAt` of an URL is by the clock of this machine, however wrong that is. */
  localEnd(expiresAt: string): Date;
}

/** 1,000 URLs with a session's token in each come to 3 MB. */
const largestAnswer = 16 * 1024 * 1024;

/** The access API as one caller sees it. Every request carries the credential, and only its own origin gets one. */
export class AccessApi {
  /** As the user wrote it. */
  readonly url: string;
  /** Which credential is used, for messages. */
  readonly caller: string;
  readonly #base: URL;
  readonly #http: HttpClient;
  readonly #credentials: AccessCredentials;
  readonly #clock: Clock;

  /**
   * @param url ends in `/v1` or `/iam/v1`
   * @throws UsageError for another URL, or one that would send the credential in plain text over a network
   */
  constructor(url: string, { http, credentials, clock = systemClock, trustedOrigins = [] }: AccessApiOptions) {
    this.#base = accessApiBase(url);
    this.url = url;
    this.caller = credentials.kind;
    this.#http = http;
    this.#credentials = credentials;
    this.#clock = clock;
    const { protocol, origin } = this.#base;
    if (protocol === 'https:' || isLoopback(this.#base) || trustedOrigins.includes(origin)) return;
    throw new UsageError(`${origin} is plain http: ${credentials.kind} would be everybody's on the way`, {
      hint: `Use https, or trust exactly this origin: --trust-origin ${origin}`,
    });
  }

  /**
   * One of the API's documents or answers to HEAD.
   * @param path below the base, each segment encoded
   * @returns undefined for a 404, which means: not there, or not yours
   * @throws NotAuthorised, MirrorError, SourceError
   */
  async get(method: 'GET' | 'HEAD', path: string, signal?: AbortSignal): Promise<HttpResponse | undefined> {
    return await this.#ask({ method, url: new URL(path, this.#base), body: undefined }, signal);
  }

  /**
   * URLs for files of one release.
   * @returns undefined for a 404: one of the files, or the release, is not there or not the caller's
   * @throws NotAuthorised, MirrorError, SourceError
   */
  async urls(request: UrlsRequest, signal?: AbortSignal): Promise<TimedUrls | undefined> {
    const asked = this.#clock.now();
    const url = new URL('urls', this.#base);
    const response = await this.#ask({ method: 'POST', url, body: JSON.stringify(request) }, signal);
    if (response === undefined) return undefined;
    const parsed = urlsAnswerSchema.safeParse(parseJson(await response.text(largestAnswer)));
    if (!parsed.success) throw new MirrorError(`${this.url} answered with something else than URLs`);
    const answer = parsed.data;
    const { collection, version } = request;
    if (answer.collection !== collection || (version !== 'latest' && answer.version !== version)) {
      throw new MirrorError(`${this.url} answered with URLs of another release`);
    }
    const sent = dateOf(response) ?? asked;
    return { answer, localEnd: (end) => new Date(asked.getTime() + (Date.parse(end) - sent.getTime())) };
  }

  /** What an answer means that is neither the wanted one nor a 404. */
  fault(response: HttpResponse): Error {
    const { status } = response;
    const evidence = { status };
    if (status === 401 || status === 403) {
      return new NotAuthorised(`${this.url} refuses ${this.caller} (HTTP ${status})`, {
        evidence,
        // Below `/iam/v1` AWS says so, before the policy is asked: what that does not grant is not there.
        hint: this.url.endsWith('/iam/v1')
          ? 'Its keys or session are not good, or it may not execute-api:Invoke there. From another account take the ' +
            'consumer role that the deployment has for it (output ConsumerRole… of its stack).'
          : 'It has expired, was revoked, or the policy does not know it: ask who keeps the access policy.',
      });
    }
    if (status >= 300 && status < 400) {
      return new MirrorError(`${this.url} redirects (HTTP ${status}), and a credential follows no redirect`, {
        evidence,
        hint: 'Name the API by the address that it is at.',
      });
    }
    const wait = waitFor(response, this.#clock.now());
    return new MirrorError(`${this.url} answered HTTP ${status}`, {
      evidence,
      retryable: status === 429 || status === 408 || status >= 500,
      ...(wait !== undefined && { retryAfter: wait }),
    });
  }

  async #ask(request: ApiRequest, signal: AbortSignal | undefined): Promise<HttpResponse | undefined> {
    for (let renewed = false; ; renewed = true) {
      const response = await this.#send(request, signal);
      if (response.status === 200) return response;
      await response.discard();
      if (response.status === 404) return undefined;
      const refused = response.status === 401 || response.status === 403;
      if (!refused || renewed || !(await this.#credentials.renew(dateOf(response)))) throw this.fault(response);
    }
  }

  async #send(request: ApiRequest, signal: AbortSignal | undefined): Promise<HttpResponse> {
    const { method, url, body } = request;
    return await this.#http.request({
      method,
      url,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(await this.#credentials.headers(request, signal)),
      },
      ...(body !== undefined && { body }),
      ...(signal && { signal }),
      // Its own headers, and not those of upstreams; they must not go where a redirect leads.
      credentials: false,
      followRedirects: false,
    });
  }
}

/** @throws UsageError */
export function accessApiBase(text: string): URL {
  const url = URL.parse(text);
  const plain = url !== null && /^https?:$/.test(url.protocol) && `${url.search}${url.hash}${url.username}` === '';
  if (!plain || url.password !== '' || !mayBeAccessApi(text)) {
    throw new UsageError('the base of an access API is an http or https URL that ends in /v1 or /iam/v1');
  }
  if (!url.pathname.endsWith('/')) url.pathname += '/';
  return url;
}

function isLoopback(url: URL): boolean {
  const host = bareHost(url);
  return host === 'localhost' || host === '::1' || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function dateOf(response: HttpResponse): Date | undefined {
  const date = new Date(response.header('date') ?? '');
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
