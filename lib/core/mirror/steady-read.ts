import type { Clock } from '../clock.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import { WrongSize } from './mirror-errors.ts';
import type { MirrorBody, MirrorReader } from './mirror-reader.ts';

export interface SteadyReadRequest {
  readonly key: string;
  /** Bytes of the whole object, as its record says. */
  readonly size: number;
  /** First byte wanted. */
  readonly from: number;
  /** End of the bytes wanted, exclusive; `size` by default. */
  readonly to?: number;
  /** Tag that an earlier part of these bytes was read under. */
  readonly etag?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Told the tag of what is being read, before its first byte. */
  readonly onOpen?: (etag: string | undefined) => void;
  /** Bytes that arrived, wasted ones included. */
  readonly onBytes?: (count: number) => void;
  readonly onRetry?: (reason: string, inSeconds: number) => void;
}

/**
 * The bytes `[from, to)` of an object, going on where it was when a connection breaks; every new byte earns the
 * full patience again. Where the other side cannot go on (no ranges, or another tag) what was delivered already is
 * skipped: the caller's digest judges.
 * @throws WrongSize as soon as the other side speaks of another length; NotFound, NotAuthorised; the last fault
 */
export async function* steadyRead(reader: MirrorReader, request: SteadyReadRequest): AsyncGenerator<Uint8Array> {
  const { clock, signal, onRetry } = request;
  const cursor = new ReadCursor(reader, request);
  try {
    for (;;) {
      const chunk = await retry(() => cursor.next(), defaultRetryPolicy, {
        clock,
        signal,
        ...(onRetry && { onRetry: ({ error, inSeconds }) => onRetry(error.message, inSeconds) }),
      });
      if (chunk === undefined) return;
      yield chunk;
    }
  } finally {
    await cursor.close();
  }
}

/** Where a read is; after a fault the next step opens the object again. */
class ReadCursor {
  readonly #reader: MirrorReader;
  readonly #request: SteadyReadRequest;
  readonly #to: number;
  #at: number;
  #etag: string | undefined;
  #open: { readonly body: MirrorBody; readonly chunks: AsyncIterator<Uint8Array>; position: number } | undefined;

  constructor(reader: MirrorReader, request: SteadyReadRequest) {
    this.#reader = reader;
    this.#request = request;
    this.#to = request.to ?? request.size;
    this.#at = request.from;
    this.#etag = request.etag;
  }

  /** The next bytes that were not delivered yet; undefined at the end. */
  async next(): Promise<Uint8Array | undefined> {
    const { key, size, onBytes } = this.#request;
    // At the object's own end the body is read on to its end: it might go on, which would be wrong.
    if (this.#at === this.#to && size > 0 && (this.#open === undefined || this.#to < size)) return undefined;
    this.#open ??= await this.#reopen();
    const { chunks } = this.#open;
    try {
      for (;;) {
        const { done, value } = await chunks.next();
        if (done === true) break;
        const start = this.#open.position;
        const end = start + value.length;
        this.#open.position = end;
        onBytes?.(value.length);
        if (end > size) throw new WrongSize(`${key} at ${this.#reader.url}`, size, end);
        if (end <= this.#at) continue;
        const wanted = value.subarray(this.#at - start, Math.min(end, this.#to) - start);
        this.#at += wanted.length;
        return wanted;
      }
      if (this.#at < this.#to) throw new WrongSize(`${key} at ${this.#reader.url}`, size, this.#at);
      return undefined;
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const open = this.#open;
    this.#open = undefined;
    await open?.chunks.return?.();
    await open?.body.discard();
  }

  async #reopen() {
    const { key, size, signal, onOpen } = this.#request;
    const partial = this.#at > 0 || this.#to < size;
    const body = await this.#reader.open(key, {
      signal,
      ...(partial && { range: { start: this.#at, end: this.#to } }),
      ...(partial && this.#etag !== undefined && { ifRange: this.#etag }),
    });
    if (body.size !== undefined && body.size !== size) {
      await body.discard();
      throw new WrongSize(`${key} at ${this.#reader.url}`, size, body.size);
    }
    this.#etag = body.etag;
    onOpen?.(body.etag);
    return { body, chunks: body.bytes[Symbol.asyncIterator](), position: body.start };
  }
}
