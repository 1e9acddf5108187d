import type { Clock } from '../clock.ts';
import { WeighbridgeError } from '../errors.ts';
import { WrongSize } from './mirror-errors.ts';
import type { MirrorReader } from './mirror-reader.ts';

export interface SteadyReadRequest {
  readonly key: string;
  /** Bytes of the whole object, as its record says. */
  readonly size: number;
  /** First byte wanted. */
  readonly from: number;
  /** Tag that an earlier part of these bytes was read under. */
  readonly etag?: string | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onOpen?: (etag: string | undefined) => void;
  /** Bytes that arrived, wasted ones included. */
  readonly onBytes?: (count: number) => void;
  readonly onRetry?: (reason: string, inSeconds: number) => void;
}

/** Faults in a row, without one new byte between them, after which a read is given up. */
const patience = 5;

/**
 * The bytes `[from, size)` of an object, going on where it was when a connection breaks. Where the other side
 * cannot go on (no ranges, or another tag) what was delivered already is skipped: the caller's digest judges.
 * @throws WrongSize as soon as the other side speaks of another length; NotFound, NotAuthorised; the last fault
 */
export async function* steadyRead(reader: MirrorReader, request: SteadyReadRequest): AsyncGenerator<Uint8Array> {
  const { key, size, signal } = request;
  let at = request.from;
  let etag = request.etag;
  let faults = 0;
  while (at < size || (size === 0 && faults === 0)) {
    try {
      const body = await reader.open(key, {
        signal,
        ...(at > 0 ? { range: { start: at, end: size } } : {}),
        ...(at > 0 && etag !== undefined ? { ifRange: etag } : {}),
      });
      if (body.size !== undefined && body.size !== size) {
        await body.discard();
        throw new WrongSize(`${key} at ${reader.url}`, size, body.size);
      }
      etag = body.etag;
      request.onOpen?.(etag);
      let position = body.start;
      for await (const chunk of body.bytes) {
        position += chunk.length;
        request.onBytes?.(chunk.length);
        if (position > size) throw new WrongSize(`${key} at ${reader.url}`, size, position);
        if (position <= at) continue;
        const fresh = position - chunk.length < at ? chunk.subarray(chunk.length - (position - at)) : chunk;
        at = position;
        faults = 0;
        yield fresh;
      }
      if (position < size) throw new WrongSize(`${key} at ${reader.url}`, size, position);
      return;
    } catch (error) {
      signal.throwIfAborted();
      faults += 1;
      if (!(error instanceof WeighbridgeError) || !error.retryable || faults >= patience) throw error;
      const seconds = error.retryAfter ?? Math.random() * Math.min(30, 0.5 * 2 ** faults);
      request.onRetry?.(error.message, seconds);
      await request.clock.sleep(seconds, signal);
    }
  }
}
