import type { Dispatcher } from 'undici';
import { SourceError } from '../sources/source.ts';
import type { Credential } from './credential.ts';
import { Dispatchers } from './dispatchers.ts';
import type { HttpClient, HttpHop, HttpRequest, HttpResponse } from './http-client.ts';
import { toSourceError } from './network-error.ts';
import { orDiscard } from './or-discard.ts';
import { OriginRules, type Resolver, systemResolver } from './origin-rules.ts';
import type { ProxyOptions } from './proxy-rules.ts';
import { redact } from './redact.ts';
import { RedirectChain, redirectTarget } from './redirect.ts';
import { UndiciResponse } from './undici-response.ts';

/** Seconds. */
export interface HttpTimeouts {
  /** Name look-up, TCP and TLS together; 10 by default. */
  readonly connect?: number;
  /** From request to the end of the headers; 30 by default. */
  readonly headers?: number;
  /** Longest silence inside a body; 30 by default. */
  readonly body?: number;
}

export interface HttpClientOptions {
  /** `weighbridge/1.2.3`. */
  readonly userAgent: string;
  /** 64 by default. */
  readonly connectionsPerOrigin?: number;
  /** Exact origins that may be plain http or at private addresses (never link-local or metadata ones). */
  readonly trustedOrigins?: readonly string[];
  /** All there are, or who knows the one of a URL, and may have to ask for it. */
  readonly credentials?: readonly Credential[] | ((url: URL) => Promise<Credential | undefined>);
  readonly timeouts?: HttpTimeouts;
  readonly proxy?: ProxyOptions;
  /** PEM certificates trusted beside Node's own list, for upstreams and for the proxy. */
  readonly ca?: readonly string[];
  /** Called with the count of bytes of every piece of a body that arrived. */
  readonly onReceived?: (bytes: number) => void;
  /** How names become addresses; the system's way by default. */
  readonly resolver?: Resolver;
}

const redirectLimit = 10;

/** The one way to the network: see `HttpClient`. Holds connections until `close`. */
export function createHttpClient(options: HttpClientOptions): HttpClient {
  return new UndiciClient(options);
}

class UndiciClient implements HttpClient {
  private readonly options: HttpClientOptions;
  private readonly rules: OriginRules;
  private readonly dispatchers: Dispatchers;

  constructor(options: HttpClientOptions) {
    this.options = options;
    this.rules = new OriginRules(options.trustedOrigins ?? [], options.resolver ?? systemResolver);
    this.dispatchers = new Dispatchers(this.rules, {
      connectTimeout: options.timeouts?.connect ?? 10,
      connectionsPerOrigin: options.connectionsPerOrigin ?? 64,
      proxy: options.proxy ?? {},
      ca: options.ca ?? [],
    });
  }

  async request(request: HttpRequest): Promise<HttpResponse> {
    const follow = request.followRedirects ?? true;
    const start = withoutUserinfo(request.url);
    const chain = new RedirectChain(start, redirectLimit);
    const hops: HttpHop[] = [];
    let credential = request.credentials === false ? undefined : await this.credentialFor(start);
    let headers = lowerCase(request.headers ?? {});
    for (let url = start; ; ) {
      const response = await this.send(request, url, { ...headers, ...credential?.headers }, hops);
      const target = follow === false ? undefined : await orDiscard(response, () => redirectTarget(response));
      if (target === undefined) return await checkEncoding(response);
      const leaves = target.origin !== url.origin;
      if (follow === 'same-origin' && leaves) return response;
      await response.discard();
      if (request.method === 'POST') throw new SourceError('broken', `${redact(url)} redirects a POST`);
      chain.add(target);
      // Once gone, a credential stays gone: a later hop back may be somebody else's idea.
      if (leaves && !credential?.origins.includes(target.origin)) credential = undefined;
      if (leaves) headers = withoutSecrets(headers);
      hops.push(response);
      url = target;
    }
  }

  async close(): Promise<void> {
    await this.dispatchers.close();
  }

  private async send(
    request: HttpRequest,
    url: URL,
    headers: Readonly<Record<string, string>>,
    hops: readonly HttpHop[],
  ): Promise<HttpResponse> {
    request.signal?.throwIfAborted();
    this.rules.checkUrl(url);
    const { timeouts, userAgent } = this.options;
    const options: Dispatcher.RequestOptions = {
      origin: url.origin,
      path: `${url.pathname}${url.search}`,
      method: request.method,
      headers: { ...headers, 'accept-encoding': 'identity', 'user-agent': userAgent },
      headersTimeout: (timeouts?.headers ?? 30) * 1000,
      bodyTimeout: (timeouts?.body ?? 30) * 1000,
      body: request.body ?? null,
      signal: request.signal ?? null,
      // The connection outlives a HEAD: ten thousand preflights must not cost ten thousand handshakes. A server that
      // sends a body nevertheless makes the next answer unreadable, and that request is tried again.
      reset: false,
    };
    try {
      const dispatcher = await this.dispatchers.dispatcherFor(url);
      return new UndiciResponse(await dispatcher.request(options), url, [...hops], request, this.options.onReceived);
    } catch (error) {
      throw toSourceError(error, url, request.signal);
    }
  }

  private async credentialFor(url: URL): Promise<Credential | undefined> {
    const { credentials } = this.options;
    const found = typeof credentials === 'function' ? await credentials(url) : credentials?.find(belongsTo(url));
    // Whoever answers, it goes to its own origins only.
    return found !== undefined && belongsTo(url)(found) ? found : undefined;
  }
}

/** Bytes are opaque here: a coded body would be other bytes than those that were hashed. */
async function checkEncoding(response: HttpResponse): Promise<HttpResponse> {
  const coding = response.header('content-encoding')?.trim().toLowerCase();
  if (coding === undefined || coding === '' || coding === 'identity' || response.status >= 300) return response;
  await response.discard();
  throw new SourceError(
    'wrong-content',
    `${redact(response.url)} sends its body encoded although it was asked not to`,
    {
      evidence: { contentEncoding: coding.slice(0, 40) },
    },
  );
}

function belongsTo(url: URL): (credential: Credential) => boolean {
  return ({ origins }) => origins.includes(url.origin);
}

function withoutUserinfo(url: URL): URL {
  const copy = new URL(url);
  copy.username = '';
  copy.password = '';
  copy.hash = '';
  return copy;
}

function lowerCase(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));
}

function withoutSecrets(headers: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => name !== 'authorization' && name !== 'cookie'));
}
