/** An answer that redirected to where the final one came from. */
export interface HttpHop {
  readonly status: number;
  /** May be signed: never print it. */
  readonly url: URL;
  header(name: string): string | undefined;
}

/** A response whose body must be read to its end or cancelled by `discard`. */
export interface HttpResponse {
  readonly status: number;
  /** The URL that answered, after redirects; may be signed: never print it. */
  readonly url: URL;
  /** Redirects that were followed on the way, first one first. */
  readonly hops: readonly HttpHop[];
  header(name: string): string | undefined;
  /** Raw bytes as sent (no content decoding); throws `SourceError` on resets and stalls. */
  readonly body: AsyncIterable<Uint8Array>;
  /** Drops the connection or drains a small rest. */
  discard(): Promise<void>;
  /** Whole body as text, at most `limit` bytes. @throws SourceError above it. */
  text(limit: number): Promise<string>;
}

export interface HttpRequest {
  readonly method: 'GET' | 'HEAD' | 'POST';
  readonly url: URL;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal;
  /**
   * Follow redirects by hand (default true): at most 10, https only unless the origin is trusted, private
   * addresses refused at connect time, credentials dropped as soon as the host changes. With `same-origin` a
   * redirect that leaves the origin is handed back as the response; its target was not looked at.
   */
  readonly followRedirects?: boolean | 'same-origin';
  /** Attach the credential that belongs to the URL's host (default true). */
  readonly credentials?: boolean;
}

/** The one way to the network. Sends `Accept-Encoding: identity`; never retries; maps faults to `SourceError`. */
export interface HttpClient {
  request(request: HttpRequest): Promise<HttpResponse>;
  /** Closes idle connections. */
  close(): Promise<void>;
}
