import { AsyncLocalStorage } from 'node:async_hooks';
import type { Storage } from '@google-cloud/storage';
import { Agent, type Dispatcher, request } from 'undici';
import type { Clock } from '../clock.ts';
import { bodyPieces } from './body-pieces.ts';
import { connectionError, credentialsError, type GcsContext, type GcsFailure, gcsErrorFor } from './gcs-errors.ts';
import { patiently } from './gcs-patience.ts';
import type { RequestCounter } from './request-counter.ts';
import { type RequestKind, StoreError } from './store.ts';

export interface GcsRequest {
  readonly kind: RequestKind;
  /** For messages, as in `reading a/1/w`. */
  readonly doing: string;
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** Path below the endpoint, or the whole URI of an upload session. */
  readonly at: string | URL;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  /** Pieces that are sent one after the other, uncopied. */
  readonly body?: readonly Uint8Array[];
  readonly signal?: AbortSignal | undefined;
}

/** An answer that is had whole. */
export interface GcsReply extends GcsFailure {
  json(): unknown;
}

/** An answer whose body is still to come. Its reader must read it to the end or stop by the signal. */
export interface GcsStream {
  readonly status: number;
  header(name: string): string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** No JSON answer is longer: a page of a listing has 1,000 entries of at most a few KiB. */
const longestAnswer = 32 * 1024 * 1024;
/** Bytes from which on a body leaves in pieces where it is encrypted on the way. */
const largeBody = 2 ** 20;

const unstopped = new AbortController().signal;

export interface GcsChannelOptions {
  readonly storage: Storage;
  readonly bucket: string;
  readonly counter: RequestCounter;
  readonly clock: Clock;
  /** The way to the endpoint, such as through a proxy; straight when absent. */
  readonly dispatcher?: Dispatcher | undefined;
  /** Called with the count of bytes of every piece of a body that arrived. */
  readonly onReceived?: ((bytes: number) => void) | undefined;
}

/**
 * Requests to the JSON API of one bucket, each counted. The Google library gives the endpoint and the tokens; the
 * requests are made here, because its own can neither pin what they count nor go on with a session elsewhere, and
 * decompress what they read.
 */
export class GcsChannel {
  readonly bucket: string;
  readonly clock: Clock;
  readonly endpoint: URL;
  readonly #options: GcsChannelOptions;
  readonly #dispatcher: Dispatcher;
  /** Set inside of the retry loop. */
  readonly #trying = new AsyncLocalStorage<true>();

  constructor(options: GcsChannelOptions) {
    this.#options = options;
    this.bucket = options.bucket;
    this.clock = options.clock;
    this.endpoint = new URL(options.storage.apiEndpoint);
    this.#dispatcher = options.dispatcher ?? new Agent({ pipelining: 1, allowH2: false });
  }

  /** `/storage/v1/b/BUCKET/o/OBJECT`. */
  objectPath(name: string): string {
    return `/storage/v1/b/${encodeURIComponent(this.bucket)}/o/${encodeURIComponent(name)}`;
  }

  get objectsPath(): string {
    return `/storage/v1/b/${encodeURIComponent(this.bucket)}/o`;
  }

  get uploadPath(): string {
    return `/upload${this.objectsPath}`;
  }

  /** Tries until there is an answer that depends on the request. @throws StoreError, NotAuthorised. */
  async send(wanted: GcsRequest): Promise<GcsReply> {
    return await this.patiently(() => this.once(wanted), wanted.signal);
  }

  /**
   * Any operation on this channel under its one retry loop. Inside of another it has no loop of its own, because tries
   * and waits would multiply: what fails there fails the operation around it, which is then tried again.
   */
  async patiently<T>(operation: () => Promise<T>, signal: AbortSignal = unstopped): Promise<T> {
    signal.throwIfAborted();
    if (this.#trying.getStore() === true) return await operation();
    return await this.#trying.run(true, () => patiently(operation, { clock: this.clock, signal }));
  }

  /** One attempt. */
  async once(wanted: GcsRequest): Promise<GcsReply> {
    const data = await this.#request(wanted);
    return await this.#whole(data, wanted);
  }

  /** As `send`; the body of a success is left to be read. */
  async stream(wanted: GcsRequest): Promise<GcsStream | GcsReply> {
    return await this.patiently(async () => {
      const data = await this.#request(wanted);
      if (data.statusCode >= 300) return await this.#whole(data, wanted);
      // A body that nobody reads may still fail; without a listener that would end the process.
      data.body.on('error', () => {});
      return {
        status: data.statusCode,
        header: headerOf(data),
        body: this.#pieces(data.body as AsyncIterable<Uint8Array>, wanted),
      };
    }, wanted.signal);
  }

  context({ kind, doing }: GcsRequest): GcsContext {
    return { bucket: this.bucket, kind, doing };
  }

  async #request(wanted: GcsRequest): Promise<Dispatcher.ResponseData> {
    const { method, body, signal } = wanted;
    signal?.throwIfAborted();
    const url = this.#url(wanted);
    // A session's URI is its own credential (facts of resumable uploads): no token goes with it.
    const credentials = typeof wanted.at === 'string' ? await this.#authorisation(url, wanted) : {};
    this.#options.counter.add(wanted.kind);
    const length = body?.reduce((sum, piece) => sum + piece.byteLength, 0) ?? 0;
    const headers = {
      ...credentials,
      ...wanted.headers,
      ...(method === 'GET' ? {} : { 'content-length': String(length) }),
    };
    const [piece, ...more] = body ?? [];
    const whole = more.length === 0 && (url.protocol === 'http:' || length < largeBody);
    const sent = piece === undefined ? null : whole ? viewOf(piece) : bodyPieces([piece, ...more]);
    try {
      return await request(url, { method, headers, body: sent, signal: signal ?? null, dispatcher: this.#dispatcher });
    } catch (error) {
      throw this.#failure(error, wanted);
    }
  }

  async #authorisation(url: URL, wanted: GcsRequest): Promise<Record<string, string>> {
    try {
      const headers = await this.#options.storage.authClient.getRequestHeaders(url.href);
      return Object.fromEntries(headers);
    } catch (error) {
      throw credentialsError(error, this.context(wanted));
    }
  }

  async #whole(data: Dispatcher.ResponseData, wanted: GcsRequest): Promise<GcsReply> {
    const header = headerOf(data);
    const pieces: Uint8Array[] = [];
    let size = 0;
    for await (const piece of this.#pieces(data.body as AsyncIterable<Uint8Array>, wanted)) {
      size += piece.byteLength;
      if (size > longestAnswer) throw new StoreError(`${wanted.doing}: gs://${this.bucket} answers without end`);
      pieces.push(piece);
    }
    const text = Buffer.concat(pieces).toString('utf8');
    const failure = { status: data.statusCode, header, text };
    const error = gcsErrorFor(failure, this.context(wanted), this.clock.now());
    if (error !== undefined) throw error;
    return { ...failure, json: () => this.#parsed(text, wanted) };
  }

  #parsed(text: string, { doing }: GcsRequest): unknown {
    try {
      return JSON.parse(text);
    } catch {
      throw new StoreError(`${doing}: gs://${this.bucket} answered with something that is no JSON`, {
        retryable: true,
      });
    }
  }

  async *#pieces(body: AsyncIterable<Uint8Array>, wanted: GcsRequest): AsyncGenerator<Uint8Array> {
    try {
      for await (const piece of body) {
        this.#options.onReceived?.(piece.byteLength);
        yield piece;
      }
    } catch (error) {
      throw this.#failure(error, wanted);
    }
  }

  #failure(error: unknown, wanted: GcsRequest): unknown {
    if (wanted.signal?.aborted === true) return wanted.signal.reason;
    return error instanceof StoreError ? error : connectionError(error, this.context(wanted));
  }

  #url({ at, query }: GcsRequest): URL {
    const url = typeof at === 'string' ? new URL(at, this.endpoint) : new URL(at);
    for (const [name, value] of Object.entries(query ?? {})) {
      if (value !== undefined) url.searchParams.set(name, value);
    }
    return url;
  }
}

function headerOf(data: Dispatcher.ResponseData): (name: string) => string | undefined {
  return (name) => {
    const value = data.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}

/** Memory that threads share is sent as it lies. */
function viewOf(piece: Uint8Array): Buffer {
  return Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
}
