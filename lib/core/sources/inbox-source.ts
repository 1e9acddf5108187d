import type { ByteRange } from '../byte-range.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { boundedBody } from './bounded-body.ts';
import { bucketSourceError } from './bucket-source-error.ts';
import { checkDescription, type SourceExpectation } from './expectation.ts';
import { type ResolvedSource, type Source, SourceError } from './source.ts';
import type { FileRef } from './source-ref.ts';

export interface InboxOptions {
  /** Where `submit` sends the bytes of `file:` sources. */
  readonly inbox: Store;
  /** Of these bytes, for a digest: of one publisher and one access class. */
  readonly keyFor: (sha256: string) => string;
  readonly expect: SourceExpectation;
}

/**
 * A file of the publisher's own machine, which was sent ahead under the digest that the manifest says. That name
 * proves nothing: the bytes are hashed like those of any source. Records call it what the manifest calls it.
 */
export class InboxSource implements Source {
  readonly uri: string;
  readonly #options: InboxOptions;

  constructor(ref: FileRef, options: InboxOptions) {
    this.uri = `file:${ref.path}`;
    this.#options = options;
  }

  async resolve(signal: AbortSignal): Promise<ResolvedSource> {
    const { inbox, keyFor, expect } = this.#options;
    if (expect.sha256 === undefined) {
      throw new SourceError('missing', `${this.uri} has no sha256 in the manifest, by which it would be sent`, {
        hint: 'Run "weighbridge lock", then submit again.',
      });
    }
    signal.throwIfAborted();
    const stat = await inbox.head(keyFor(expect.sha256.hex)).catch((error: unknown) => {
      throw bucketSourceError(error, { uri: this.uri, reading: false });
    });
    if (stat === undefined) {
      throw new SourceError('missing', `${this.uri} was not sent, or was sent so long ago that it expired`, {
        hint: 'Submit the manifest again with "weighbridge submit", where the file lies.',
      });
    }
    const description = {
      source: this.uri,
      size: stat.size,
      version: stat.version ?? stat.etag,
      revision: undefined,
      sha256: undefined,
      mediaType: undefined,
    };
    checkDescription(description, expect);
    return {
      description,
      ranges: true,
      cheapToReread: false,
      read: (range, at) => this.#read(stat, range, at),
    };
  }

  async *#read(
    { key, size, etag, version }: ObjectStat,
    range: ByteRange = { start: 0, end: size },
    signal: AbortSignal,
  ): AsyncGenerator<Uint8Array, void, undefined> {
    const { inbox, expect } = this.#options;
    if (range.end > size) throw new SourceError('wrong-size', `${this.uri} has only ${size} bytes`);
    const bound = version === undefined ? { etag } : { version };
    const bounds = {
      expected: range.end - range.start,
      source: this.uri,
      // Of a length that the manifest says it is what its author meant, however it begins.
      expect: range.start === 0 && expect.size === undefined ? expect : undefined,
    };
    try {
      yield* boundedBody({ body: inbox.read(key, { range, signal, ...bound }) }, bounds);
    } catch (error) {
      signal.throwIfAborted();
      throw bucketSourceError(error, { uri: this.uri, reading: true });
    }
  }
}
