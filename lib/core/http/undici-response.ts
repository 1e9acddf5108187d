import type { Dispatcher } from 'undici';
import { SourceError } from '../sources/source.ts';
import type { HttpHop, HttpRequest, HttpResponse } from './http-client.ts';
import { toSourceError } from './network-error.ts';
import { redact } from './redact.ts';

/** Bytes that are read and thrown away so that a connection can be used again; above, it is dropped instead. */
const drainLimit = 64 * 1024;

/** One answer of the HTTP library as the port has it: errors mapped, lengths left to the reader. */
export class UndiciResponse implements HttpResponse {
  readonly status: number;
  readonly url: URL;
  readonly hops: readonly HttpHop[];
  private readonly data: Dispatcher.ResponseData;
  private readonly method: HttpRequest['method'];
  private readonly signal: AbortSignal | undefined;
  private readonly onReceived: ((bytes: number) => void) | undefined;

  constructor(
    data: Dispatcher.ResponseData,
    url: URL,
    hops: readonly HttpHop[],
    { method, signal }: HttpRequest,
    onReceived: ((bytes: number) => void) | undefined,
  ) {
    this.status = data.statusCode;
    this.url = url;
    this.hops = hops;
    this.data = data;
    this.method = method;
    this.signal = signal;
    this.onReceived = onReceived;
    // A body that nobody reads may still fail; without a listener that would end the process.
    data.body.on('error', () => {});
  }

  header(name: string): string | undefined {
    const value = this.data.headers[name.toLowerCase()];
    return Array.isArray(value) ? value.join(', ') : value;
  }

  get body(): AsyncIterable<Uint8Array> {
    return this.chunks();
  }

  async discard(): Promise<void> {
    const { body } = this.data;
    if (body.destroyed || body.readableEnded) return;
    // The answer to a HEAD says how long a body would be.
    const length = this.method === 'HEAD' ? 0 : Number(this.header('content-length') ?? Number.NaN);
    // A body that is not small may also never end: its connection goes.
    if (length <= drainLimit) await body.dump({ limit: drainLimit }).catch(() => {});
    else body.destroy();
  }

  async text(limit: number): Promise<string> {
    const chunks: Uint8Array[] = [];
    let size = 0;
    for await (const chunk of this.body) {
      size += chunk.byteLength;
      if (size > limit) throw new SourceError('broken', `${redact(this.url)} answered with more than ${limit} bytes`);
      chunks.push(chunk);
    }
    return Buffer.concat(chunks).toString('utf8');
  }

  private async *chunks(): AsyncGenerator<Uint8Array, void, undefined> {
    try {
      for await (const chunk of this.data.body as AsyncIterable<Uint8Array>) {
        this.onReceived?.(chunk.byteLength);
        yield chunk;
      }
    } catch (error) {
      throw toSourceError(error, this.url, this.signal);
    }
  }
}
