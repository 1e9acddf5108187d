import { registryKey, reservedFiles } from '../../../contract/keys.ts';
import { rangeHeader } from '../../byte-range.ts';
import { type Clock, systemClock } from '../../clock.ts';
import { NotFound } from '../../errors.ts';
import type { HttpClient, HttpResponse } from '../../http/http-client.ts';
import { orDiscard } from '../../http/or-discard.ts';
import { waitFor } from '../../http/rate-limit.ts';
import { redact } from '../../http/redact.ts';
import { MirrorError } from '../../mirror/mirror-errors.ts';
import type { MirrorBody, MirrorReader, MirrorStat, OpenOptions } from '../../mirror/mirror-reader.ts';
import { objectBody, objectStat } from '../../mirror/object-body.ts';
import { SourceError } from '../../sources/source.ts';
import type { AccessApi } from './access-api.ts';
import { type GrantedUrl, UrlBook } from './url-book.ts';

/** Faults in a row after which the other store's URLs are tried. */
const patience = 2;
/** URLs that are tried for one request: one may have ended (S3 says 403 or 400, Cloud Storage 400 or 401), then a fresh one, then the other store's. */
const mostTries = 4;

/**
 * The releases that the access API shows this caller. Records come from the API, bytes by signed URLs straight from
 * a store, without any credential. A tag carries the name of its store, because only there it means something.
 */
export class AccessApiMirror implements MirrorReader {
  readonly url: string;
  readonly remote = true;
  readonly list = undefined;
  readonly foreign = undefined;
  readonly shownTo: string;
  readonly #api: AccessApi;
  readonly #http: HttpClient;
  readonly #clock: Clock;
  readonly #books = new Map<string, UrlBook>();
  #faults = 0;

  /** @param http fetches from the stores: it must carry no credential that any of them could get */
  constructor(api: AccessApi, http: HttpClient, clock: Clock = systemClock) {
    this.#api = api;
    this.#http = http;
    this.#clock = clock;
    this.url = api.url;
    this.shownTo = api.caller;
  }

  expect(keys: readonly string[]): void {
    const files = new Map<UrlBook, string[]>();
    for (const key of keys) {
      const { book, file } = this.#placeOf(key);
      const names = files.get(book) ?? [];
      names.push(file);
      files.set(book, names);
    }
    for (const [book, names] of files) book.expect(names);
  }

  async head(key: string, signal?: AbortSignal): Promise<MirrorStat | undefined> {
    const response = await this.#api.get('HEAD', apiPath(key), signal);
    await response?.discard();
    return response === undefined ? undefined : objectStat(response);
  }

  async open(key: string, options: OpenOptions = {}): Promise<MirrorBody> {
    if (!isRecord(key)) return await this.#openFile(key, options);
    const response = await this.#api.get('GET', apiPath(key), options.signal);
    if (response === undefined) {
      throw new NotFound(`${key} at ${this.url} is not there, or not yours`, {
        evidence: { key },
        hint: `Asked with ${this.shownTo}.`,
      });
    }
    return await orDiscard(response, () => objectBody(response, undefined, `${key} from ${this.url}`));
  }

  async #openFile(key: string, options: OpenOptions): Promise<MirrorBody> {
    const { book, file } = this.#placeOf(key);
    for (let tries = 1; ; tries += 1) {
      const granted = await book.urlOf(file, options.signal);
      const response = await this.#get(key, granted, book, options);
      const { status } = response;
      if (status === 200 || (status === 206 && options.range !== undefined)) {
        return await orDiscard(response, () => this.#body(key, response, granted, book, options));
      }
      await response.discard();
      book.forget(file, granted);
      const refused = status === 400 || status === 401 || status === 403;
      if (refused && tries === 1) continue;
      // A fresh one does not help, or the object is gone from that store.
      if (tries < mostTries && status < 500 && status !== 429 && book.leave(granted.store)) continue;
      throw this.#fault(key, granted, response, book);
    }
  }

  async #get(key: string, granted: GrantedUrl, book: UrlBook, options: OpenOptions): Promise<HttpResponse> {
    const { range, ifRange, signal } = options;
    const tag = ifRange?.startsWith(`${granted.store}:`) === true ? ifRange.slice(granted.store.length + 1) : undefined;
    try {
      return await this.#http.request({
        method: 'GET',
        url: granted.url,
        headers: {
          ...(range !== undefined && { range: rangeHeader(range) }),
          // Of another store's tag nothing follows: the range is asked for as it is, and the digest judges.
          ...(range !== undefined && tag !== undefined && { 'if-range': tag }),
        },
        credentials: false,
        followRedirects: false,
        ...(signal && { signal }),
      });
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(error, key, granted, book);
    }
  }

  #body(key: string, response: HttpResponse, granted: GrantedUrl, book: UrlBook, options: OpenOptions): MirrorBody {
    const body = objectBody(response, options.range, `${key} from ${where(granted)}`);
    const { etag } = body;
    return {
      ...body,
      etag: etag === undefined ? undefined : `${granted.store}:${etag}`,
      bytes: this.#watched(body.bytes, key, granted, book, options.signal),
    };
  }

  async *#watched(
    bytes: AsyncIterable<Uint8Array>,
    key: string,
    granted: GrantedUrl,
    book: UrlBook,
    signal: AbortSignal | undefined,
  ): AsyncGenerator<Uint8Array> {
    try {
      for await (const chunk of bytes) {
        this.#faults = 0;
        yield chunk;
      }
    } catch (error) {
      signal?.throwIfAborted();
      throw this.#failed(error, key, granted, book);
    }
  }

  #fault(key: string, granted: GrantedUrl, response: HttpResponse, book: UrlBook): unknown {
    const { status } = response;
    const retryable = status === 429 || status >= 500;
    const wait = waitFor(response, this.#clock.now());
    const refused = status === 400 || status === 401 || status === 403;
    const words = refused ? `refuses the URL that ${this.url} signed` : 'does not send it';
    return this.#failed(
      new MirrorError(`${key}: ${where(granted)} ${words} (HTTP ${status})`, {
        evidence: { key, status },
        retryable,
        ...(wait !== undefined && { retryAfter: wait }),
        ...(refused && { hint: 'Tell who runs the API: what signs its URLs may not read that object.' }),
      }),
      key,
      granted,
      book,
    );
  }

  /** Counts it, and turns to the other store when this one goes on failing. The path of an URL is shown to nobody. */
  #failed(error: unknown, key: string, granted: GrantedUrl, book: UrlBook): unknown {
    this.#faults += 1;
    if (this.#faults >= patience && book.leave(granted.store)) this.#faults = 0;
    if (!(error instanceof SourceError)) return error;
    const { message, hint, retryable, retryAfter, evidence } = error;
    return new MirrorError(message.replaceAll(redact(granted.url), `${where(granted)} (${key})`), {
      cause: error.cause,
      retryable,
      evidence,
      ...(retryAfter !== undefined && { retryAfter }),
      ...(hint !== undefined && { hint }),
    });
  }

  #placeOf(key: string): { readonly book: UrlBook; readonly file: string } {
    const [collection = '', version = '', ...rest] = key.split('/');
    const name = `${collection}/${version}`;
    const book = this.#books.get(name) ?? new UrlBook(this.#api, this.#clock, collection, version);
    this.#books.set(name, book);
    return { book, file: rest.join('/') };
  }
}

/** The store, as messages may name it. */
function where({ store, url }: GrantedUrl): string {
  return `${store} at ${url.host}`;
}

/** Records come from the API itself, whole. */
function isRecord(key: string): boolean {
  const [, , file, ...below] = key.split('/');
  return (
    key === registryKey || (below.length === 0 && (reservedFiles as readonly (string | undefined)[]).includes(file))
  );
}

/** Where the API has what a mirror has under a key. */
function apiPath(key: string): string {
  return key === registryKey ? 'registry' : key.split('/').map(encodeURIComponent).join('/');
}
