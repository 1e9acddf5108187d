import type { GcsChannel, GcsReply, GcsRequest } from './gcs-channel.ts';
import { unexpected } from './gcs-errors.ts';
import { contentTypeOf, type NewObject, newResource } from './gcs-object.ts';
import { StoreError } from './store.ts';

/**
 * What a session says of itself. `persisted`: bytes that it holds. `finished`: the object was made, here is its
 * resource. `lost`: the condition did not hold. `gone`: expired, cancelled or unknown. `refused`: the bytes were not
 * those declared.
 */
export type SessionState =
  | { readonly kind: 'persisted'; readonly bytes: number }
  | { readonly kind: 'finished'; readonly reply: GcsReply }
  | { readonly kind: 'lost' | 'gone' | 'refused' };

/**
 * A resumable upload session of the JSON API (https://cloud.google.com/storage/docs/performing-resumable-uploads).
 * Its URI is a bearer secret for a week: it goes into checkpoints and nowhere else.
 */
export class GcsSession {
  readonly uri: URL;
  readonly #channel: GcsChannel;
  readonly #key: string;
  readonly #size: number;

  constructor(channel: GcsChannel, key: string, size: number, uri: URL) {
    this.#channel = channel;
    this.#key = key;
    this.#size = size;
    this.uri = uri;
  }

  /**
   * Begins a session whose object will be created only if the name is free when it is finished. Undefined where the
   * name is taken already and the server says so at once.
   */
  static async start(
    channel: GcsChannel,
    key: string,
    size: number,
    object: NewObject,
  ): Promise<GcsSession | undefined> {
    const request = {
      kind: 'put',
      doing: `beginning ${key}`,
      method: 'POST',
      at: channel.uploadPath,
      query: {
        uploadType: 'resumable',
        name: object.name,
        ifGenerationMatch: '0',
        kmsKeyName: object.settings.kmsKeyName,
      },
      headers: {
        'content-type': 'application/json; charset=UTF-8',
        'x-upload-content-type': contentTypeOf(object.attributes),
        'x-upload-content-length': String(size),
      },
      body: [Buffer.from(JSON.stringify(newResource(object)))],
    } as const;
    const reply = await channel.send(request);
    if (reply.status === 412) return undefined;
    const uri = reply.status === 200 || reply.status === 201 ? URL.parse(reply.header('location') ?? '') : null;
    if (uri === null) throw unexpected(reply, channel.context(request));
    return new GcsSession(channel, key, size, uri);
  }

  /** One attempt to send `bytes` from offset `start`; `hash` is the CRC32C of the whole object, with its last bytes. */
  async send(start: number, bytes: Uint8Array, hash: string | undefined, signal: AbortSignal): Promise<SessionState> {
    const end = start + bytes.byteLength;
    const last = end === this.#size;
    const span = bytes.byteLength === 0 ? '*' : `${start}-${end - 1}`;
    return await this.#put(
      {
        kind: last ? 'complete' : 'part',
        doing: `${last ? 'completing' : 'uploading'} ${this.#key}`,
        headers: {
          'content-range': `bytes ${span}/${this.#size}`,
          ...(hash === undefined ? {} : { 'x-goog-hash': `crc32c=${hash}` }),
        },
        body: [bytes],
        signal,
      },
      start,
    );
  }

  /** One attempt to learn how far the session is. */
  async status(signal?: AbortSignal): Promise<SessionState> {
    return await this.#put(
      {
        kind: 'head',
        doing: `asking after the upload of ${this.#key}`,
        headers: { 'content-range': `bytes */${this.#size}` },
        body: [],
        signal,
      },
      0,
    );
  }

  /** 499 for one that was there, 404 or 410 for one that is gone. A server that cannot cancel lets it expire. */
  async cancel(): Promise<void> {
    const doing = `cancelling the upload of ${this.#key}`;
    try {
      await this.#channel.send({ kind: 'abort', doing, method: 'DELETE', at: this.uri, body: [] });
    } catch (error) {
      if (!(error instanceof StoreError && error.evidence.status === 501)) throw error;
    }
  }

  async #put(wanted: Omit<GcsRequest, 'method' | 'at'>, from: number): Promise<SessionState> {
    const request: GcsRequest = { ...wanted, method: 'PUT', at: this.uri };
    const reply = await this.#channel.once(request);
    switch (reply.status) {
      case 200:
      case 201:
        return { kind: 'finished', reply };
      case 308:
        return { kind: 'persisted', bytes: this.#persisted(reply) };
      case 412:
        return { kind: 'lost' };
      case 404:
      case 410:
      case 499:
        return { kind: 'gone' };
      case 400:
        // A chunk that comes where none is expected is refused with the same status as bytes that are not those declared.
        return { kind: 'refused' };
      default:
        throw unexpected(reply, { ...this.#channel.context(request), doing: `${wanted.doing} at byte ${from}` });
    }
  }

  /** `Range: bytes=0-N`; no such header means nothing yet. */
  #persisted(reply: GcsReply): number {
    const range = reply.header('range');
    // A session holds whole multiples of 256 KiB until it is finished: one byte is how some servers write none.
    if (range === undefined || range === 'bytes=0-0') return 0;
    const match = /^bytes=0-(\d{1,15})$/.exec(range);
    const bytes = match === null ? -1 : Number(match[1]) + 1;
    if (bytes < 0 || bytes > this.#size) {
      throw new StoreError(`uploading ${this.#key}: the session says that it holds ${JSON.stringify(range)}`);
    }
    return bytes;
  }
}
