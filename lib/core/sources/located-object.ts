import { type ByteRange, rangeHeader, rangeLength } from '../byte-range.ts';
import type { HttpClient, HttpRequest, HttpResponse } from '../http/http-client.ts';
import { sourceErrorFor } from '../http/status-error.ts';
import { boundedBody } from './bounded-body.ts';
import { parseContentRange } from './content-range.ts';
import { checkMediaType } from './content-sniff.ts';
import type { SourceExpectation } from './expectation.ts';
import { RangesUnsupported, type ResolvedSource, type SourceDescription, SourceError } from './source.ts';
import { bindingHeaders, contradicts, type Validator } from './validator.ts';

/** Where the bytes of an object can be read just now: often a signed URL that expires. Never printed. */
export interface Location {
  readonly url: URL;
  /** What this location itself says about its version; undefined where the URL already names one. */
  readonly validator: Validator | undefined;
  readonly headers?: Readonly<Record<string, string>>;
  /** May the credential of the host be attached? */
  readonly credentials: boolean;
  /** The URL came from upstream, so that it may expire. */
  readonly signed: boolean;
}

export interface LocatedObjectOptions {
  readonly http: HttpClient;
  readonly description: SourceDescription;
  /** Undefined: `locate` is asked at the first read. */
  readonly location: Location | undefined;
  readonly ranges: boolean;
  readonly expect: SourceExpectation;
  /** Asks upstream for a fresh location of the same version. @throws SourceError `changed` when it is another. */
  readonly locate: (signal: AbortSignal) => Promise<Location>;
  /** Adds what only the source knows about a refusal; the error as it is by default. */
  readonly explain?: (error: SourceError) => SourceError;
}

/**
 * Fresh locations that one read may ask for, and that may fail one after another: the resolver is what upstreams
 * limit. An object that takes a day may need many, as long as each of them works for a while.
 */
const locateLimit = 5;

/**
 * An object behind HTTP, read by ranges from one location, which is asked for once and again only when it expires.
 * All reads share it, so a hundred ranges cost the resolver one request.
 */
export class LocatedObject implements ResolvedSource {
  readonly description: SourceDescription;
  readonly ranges: boolean;
  readonly cheapToReread = false;
  private readonly options: LocatedObjectOptions;
  private location: Location | undefined;
  private relocating: Promise<Location> | undefined;
  /** Since a location last worked. */
  private relocations = 0;

  constructor(options: LocatedObjectOptions) {
    this.options = options;
    this.description = options.description;
    this.ranges = options.ranges;
    this.location = options.location;
  }

  async *read(range: ByteRange | undefined, signal: AbortSignal): AsyncGenerator<Uint8Array, void, undefined> {
    if (range !== undefined && rangeLength(range) <= 0) return;
    const response = await this.open(range, signal);
    const { size, source } = this.description;
    const expected = range === undefined ? size : rangeLength(range);
    yield* boundedBody(response, {
      expected,
      source,
      expect: (range?.start ?? 0) === 0 ? this.options.expect : undefined,
    });
  }

  /** An accepted response, from a location that was renewed where that helps. */
  private async open(range: ByteRange | undefined, signal: AbortSignal): Promise<HttpResponse> {
    for (let refusals = 0; ; ) {
      const location = this.location;
      if (location === undefined) {
        await this.relocate(signal);
        continue;
      }
      try {
        const response = await this.options.http.request(this.requestFor(location, range, signal));
        const accepted = await this.accept(response, location, range);
        this.relocations = 0;
        return accepted;
      } catch (error) {
        refusals += 1;
        const again = error instanceof SourceError && error.resolveAgain && refusals < locateLimit;
        if (!again) throw error;
        if (this.relocations >= locateLimit) {
          // Whoever reads again later, after a wait, may ask once more.
          this.relocations = locateLimit - 1;
          throw error;
        }
        // Another read may have renewed it meanwhile.
        if (location === this.location) await this.relocate(signal);
      }
    }
  }

  private requestFor(location: Location, range: ByteRange | undefined, signal: AbortSignal): HttpRequest {
    return {
      method: 'GET',
      url: location.url,
      signal,
      credentials: location.credentials,
      headers: {
        ...location.headers,
        ...bindingHeaders(location.validator),
        ...(range === undefined ? {} : { range: rangeHeader(range) }),
      },
    };
  }

  private async accept(
    response: HttpResponse,
    location: Location,
    range: ByteRange | undefined,
  ): Promise<HttpResponse> {
    try {
      this.check(response, location, range);
      return response;
    } catch (error) {
      await response.discard();
      throw error;
    }
  }

  /** Everything that can be known to be wrong before the first byte. */
  private check(response: HttpResponse, location: Location, range: ByteRange | undefined): void {
    const { source, size } = this.description;
    if (response.status !== 200 && response.status !== 206) {
      // After a redirect it is the target that refuses, and its URL is as short-lived as a signed one.
      const error = sourceErrorFor(response, { source, signed: location.signed || response.hops.length > 0 });
      throw this.options.explain?.(error) ?? error;
    }
    if (contradicts(location.validator, response)) {
      throw new SourceError('changed', `${source} was replaced while it was being read`);
    }
    if ((range?.start ?? 0) === 0) checkMediaType(response.header('content-type'), source, this.options.expect);
    if (response.status === 206) this.checkRange(response, range);
    else if (range !== undefined && !(range.start === 0 && range.end === size)) {
      throw new RangesUnsupported(`${source} answers with whole bodies only`);
    }
  }

  private checkRange(response: HttpResponse, range: ByteRange | undefined): void {
    const { source, size } = this.description;
    const got = parseContentRange(response.header('content-range'));
    if (range === undefined || got === undefined || got.start !== range.start || got.end !== range.end) {
      // Bytes from elsewhere in the file would be found out by the digest only, after everything was fetched.
      throw new SourceError('broken', `${source} answered with another range than asked for`, { retryable: true });
    }
    if (got.total !== undefined && size !== undefined && got.total !== size) {
      throw new SourceError('changed', `${source} now has ${got.total} bytes, not ${size}`);
    }
  }

  private async relocate(signal: AbortSignal): Promise<void> {
    if (this.relocating === undefined) {
      if (this.relocations > locateLimit)
        throw new SourceError('broken', `${this.description.source} was not found again`);
      this.relocations += 1;
      this.relocating = this.options.locate(signal).finally(() => {
        this.relocating = undefined;
      });
    }
    try {
      this.location = await this.relocating;
    } catch (error) {
      // The look-up runs under the signal of whichever read began it: that one's end is not ours.
      signal.throwIfAborted();
      if (error instanceof SourceError) throw error;
    }
  }
}
