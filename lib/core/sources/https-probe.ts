import type { HttpClient, HttpResponse } from '../http/http-client.ts';
import { redact } from '../http/redact.ts';
import { sourceErrorFor } from '../http/status-error.ts';
import { parseContentRange, parseUnsatisfiedTotal } from './content-range.ts';
import type { SourceExpectation } from './expectation.ts';
import { SourceError } from './source.ts';
import { type Validator, validatorOf } from './validator.ts';

/** What a URL turned out to be. */
export interface Probe {
  /** The URL that answers in the end; may be signed. */
  readonly url: URL;
  readonly redirected: boolean;
  /** Bytes. */
  readonly size: number | undefined;
  readonly validator: Validator | undefined;
  readonly mediaType: string | undefined;
  /** False when it is known that ranges do not work. */
  readonly ranges: boolean;
}

/** HEAD is refused by hosts that sign GET only, and by some that never heard of it. */
const headRefused = new Set([400, 401, 403, 404, 405, 406, 409, 500, 501, 502]);

/** A URL to ask, and how. */
export interface ProbeRequest {
  readonly url: URL;
  /** May the credential of its host be attached? */
  readonly credentials: boolean;
  readonly expect: SourceExpectation;
  readonly signal: AbortSignal;
}

/**
 * Asks a URL what it serves: by HEAD; by a GET of one byte where HEAD is refused, fails, gives no length or gives
 * another one than expected. When the two differ the GET counts, because it is what the transfer will do.
 * @throws SourceError as the GET answers.
 */
export async function probeUrl(http: HttpClient, request: ProbeRequest): Promise<Probe> {
  const head = await probeByHead(http, request);
  const { size } = request.expect;
  const believable = head?.size !== undefined && (size === undefined || head.size === size);
  return head !== undefined && believable ? head : await probeByGet(http, request);
}

/** Undefined when HEAD says nothing that a GET might not say better. */
async function probeByHead(http: HttpClient, request: ProbeRequest): Promise<Probe | undefined> {
  const { url, credentials, signal } = request;
  let response: HttpResponse;
  try {
    response = await http.request({ method: 'HEAD', url, credentials, signal });
  } catch (error) {
    signal.throwIfAborted();
    // What our own rules refuse stays refused; a fault of the wire may be the server's way to refuse HEAD.
    if (error instanceof SourceError && error.outcome !== 'broken' && error.outcome !== 'wrong-content') throw error;
    return undefined;
  }
  await response.discard();
  if (headRefused.has(response.status)) return undefined;
  if (response.status !== 200) throw sourceErrorFor(response, { source: redact(url) });
  const length = response.header('content-length');
  const size = length !== undefined && /^\d{1,16}$/.test(length) ? Number(length) : undefined;
  return found(response, size, response.header('accept-ranges')?.trim().toLowerCase() !== 'none');
}

async function probeByGet(http: HttpClient, request: ProbeRequest): Promise<Probe> {
  const { url, credentials, signal } = request;
  const response = await http.request({ method: 'GET', url, credentials, signal, headers: { range: 'bytes=0-0' } });
  await response.discard();
  if (response.status === 206) {
    const range = parseContentRange(response.header('content-range'));
    if (range?.start !== 0 || range.end !== 1) {
      throw new SourceError('broken', `${redact(url)} answers a request for its first byte with another range`, {
        retryable: true,
      });
    }
    return found(response, range.total, true);
  }
  if (response.status === 200) {
    const length = response.header('content-length');
    return found(response, length !== undefined && /^\d{1,16}$/.test(length) ? Number(length) : undefined, false);
  }
  // An empty file has no first byte.
  const empty = response.status === 416 && parseUnsatisfiedTotal(response.header('content-range')) === 0;
  if (empty) return found(response, 0, false);
  throw sourceErrorFor(response, { source: redact(url) });
}

function found(response: HttpResponse, size: number | undefined, ranges: boolean): Probe {
  return {
    url: response.url,
    redirected: response.hops.length > 0,
    size,
    validator: validatorOf(response),
    mediaType: response.header('content-type'),
    ranges,
  };
}
