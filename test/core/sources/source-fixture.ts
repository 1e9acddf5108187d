import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { createHttpClient, type HttpClientOptions } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import type { SourceExpectation } from '../../../lib/core/sources/expectation.ts';
import { openSource, type SourcePorts } from '../../../lib/core/sources/open-source.ts';
import { parseSource } from '../../../lib/core/sources/parse-source.ts';
import { type ResolvedSource, type Source, SourceError } from '../../../lib/core/sources/source.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import type { SourceRef } from '../../../lib/core/sources/source-ref.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

/** Two servers, a client that trusts them, and sources over it. Close it. */
export class SourceFixture {
  readonly upstream: Upstream;
  /** Another origin: the host that a Hub or GitHub redirects to. */
  readonly cdn: Upstream;
  readonly signal = new AbortController().signal;
  readonly cache = new SourceCache();
  private readonly clients: HttpClient[] = [];

  private constructor(upstream: Upstream, cdn: Upstream) {
    this.upstream = upstream;
    this.cdn = cdn;
  }

  static async start(): Promise<SourceFixture> {
    return new SourceFixture(await startUpstream(), await startUpstream());
  }

  client(options: Partial<HttpClientOptions> = {}): HttpClient {
    const client = createHttpClient({
      userAgent: 'weighbridge/test',
      trustedOrigins: [this.upstream.origin, this.cdn.origin],
      timeouts: { headers: 0.5, body: 0.5 },
      ...options,
    });
    this.clients.push(client);
    return client;
  }

  open(ref: SourceRef, expect: Partial<SourceExpectation> = {}, ports: Partial<SourcePorts> = {}): Source {
    return openSource(
      ref,
      {
        http: ports.http ?? this.client(),
        manifestDirectory: '/nowhere',
        cache: this.cache,
        huggingFaceEndpoint: new URL(this.upstream.origin),
        gitHubApi: new URL(this.upstream.origin),
        ...ports,
      },
      { kind: 'checkpoint', file: 'model.ckpt', size: undefined, sha256: undefined, ...expect },
    );
  }

  /** A plain URL of the upstream. */
  https(path: string, expect: Partial<SourceExpectation> = {}): Source {
    const url = new URL(this.upstream.url(path));
    return this.open({ scheme: 'https', uri: url.href, url }, expect);
  }

  async close(): Promise<void> {
    for (const client of this.clients) await client.close();
    await this.upstream.close();
    await this.cdn.close();
  }
}

/** A reference from the text that a manifest would have. */
export function ref(uri: string): SourceRef {
  const parsed = parseSource(uri);
  if (!('scheme' in parsed)) throw new Error(`not a source: ${JSON.stringify(parsed)}`);
  return parsed;
}

export function expectationOf(bytes: Uint8Array): Pick<SourceExpectation, 'size' | 'sha256'> {
  return { size: bytes.byteLength, sha256: Sha256.ofBytes(bytes) };
}

export async function readAll(
  source: ResolvedSource,
  range?: { start: number; end: number },
  signal: AbortSignal = new AbortController().signal,
): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  // Copied: a piece holds only until the next is asked for.
  for await (const chunk of source.read(range, signal)) chunks.push(Buffer.from(chunk));
  return Buffer.concat(chunks);
}

/** The `SourceError` that the work ends with. */
export async function failure(work: Promise<unknown>): Promise<SourceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SourceError))
    throw new Error(`expected a SourceError, got ${String(error)}`, { cause: error });
  return error;
}
