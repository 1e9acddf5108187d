import { randomBytes } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { ApiError, invalid } from './api-error.ts';
import type { Generation, ObjectMeta, StrictBucket } from './strict-bucket.ts';

const multiple = 256 * 1024;
/** Seconds: "a session URI expires after one week". */
const lifetime = 7 * 24 * 3600;

interface Session {
  readonly bucket: StrictBucket;
  readonly name: string;
  readonly meta: ObjectMeta;
  readonly query: URLSearchParams;
  readonly total: number | undefined;
  readonly startedAt: number;
  readonly chunks: Buffer[];
  persisted: number;
  made?: Generation;
}

export type SessionAnswer =
  | { readonly status: 308; readonly persisted: number }
  | { readonly status: 200; readonly bucket: StrictBucket; readonly made: Generation };

/** Resumable upload sessions, as "Performing resumable uploads" describes them. */
export class Sessions {
  readonly #sessions = new Map<string, Session>();
  readonly #cancelled = new Set<string>();
  /** Seconds by which this server's clock was put forward. */
  advanced = 0;

  get open(): number {
    return [...this.#sessions.values()].filter(({ made }) => made === undefined).length;
  }

  /** Gives the `upload_id`. */
  start(
    bucket: StrictBucket,
    name: string,
    meta: ObjectMeta,
    query: URLSearchParams,
    request: IncomingMessage,
  ): string {
    const id = randomBytes(24).toString('base64url');
    const length = request.headers['x-upload-content-length'];
    const total = length === undefined ? undefined : Number(length);
    const type = request.headers['x-upload-content-type'];
    const typed = typeof type === 'string' && meta.contentType === undefined ? { ...meta, contentType: type } : meta;
    const session = { bucket, name, meta: typed, query, total, startedAt: this.#now(), chunks: [], persisted: 0 };
    this.#sessions.set(id, session);
    return id;
  }

  /** 499 says that it was cancelled. @throws ApiError */
  cancel(id: string): never {
    this.#find(id);
    this.#sessions.delete(id);
    this.#cancelled.add(id);
    throw new ApiError(499, 'clientClosed', 'Upload cancelled');
  }

  /** One PUT to the session. `keep`: persists only so many of its bytes. @throws ApiError */
  put(id: string, request: IncomingMessage, body: Buffer, keep?: number): SessionAnswer {
    const session = this.#find(id);
    const { bucket } = session;
    if (session.made !== undefined) return { status: 200, bucket, made: session.made };
    const range = parseRange(request.headers['content-range'], body.length);
    if (session.total !== undefined && range.total !== undefined && session.total !== range.total) {
      throw invalid('Content-Range names another size than X-Upload-Content-Length');
    }
    const total = range.total ?? session.total;
    if (range.start !== undefined) this.#append(session, range.start, total, body, keep);
    if (total === undefined || session.persisted < total) return { status: 308, persisted: session.persisted };
    // Whatever comes of it, there is nothing to continue afterwards.
    const hash = request.headers['x-goog-hash'];
    try {
      const bytes = Buffer.concat(session.chunks);
      session.made = bucket.insert(session.name, bytes, session.meta, session.query, hash as string | undefined);
    } catch (error) {
      if (!(error instanceof ApiError && error.status === 429)) this.#sessions.delete(id);
      throw error;
    }
    session.chunks.length = 0;
    return { status: 200, bucket, made: session.made };
  }

  #append(session: Session, start: number, total: number | undefined, body: Buffer, keep?: number): void {
    const end = start + body.length;
    if (start > session.persisted) throw invalid(`There is a gap before byte ${start}`);
    if (total !== undefined && end > total) throw invalid('More bytes than were announced');
    if (end !== total && body.length % multiple !== 0) throw invalid('Chunks are multiples of 256 KiB');
    // Bytes that are there already are ignored, not written over.
    const fresh = body.subarray(Math.min(body.length, session.persisted - start));
    const kept = keep === undefined ? fresh : fresh.subarray(0, Math.floor(keep / multiple) * multiple);
    session.chunks.push(Buffer.from(kept));
    session.persisted += kept.length;
  }

  #find(id: string): Session {
    if (this.#cancelled.has(id)) throw new ApiError(499, 'clientClosed', 'Upload was cancelled');
    const session = this.#sessions.get(id);
    if (session === undefined) throw new ApiError(404, 'notFound', 'No such upload session');
    if (this.#now() - session.startedAt > lifetime) throw new ApiError(410, 'gone', 'The upload session expired');
    return session;
  }

  #now(): number {
    return Date.now() / 1000 + this.advanced;
  }
}

// Content-Range: "bytes a-b/N", "bytes a-b/*", "bytes */N", "bytes */*"; without it the body is the whole object.
function parseRange(header: string | undefined, length: number): { start?: number; total?: number } {
  if (header === undefined) return { start: 0, total: length };
  const match = /^bytes (?:(\d+)-(\d+)|\*)\/(\d+|\*)$/.exec(header);
  if (match === null) throw invalid(`Content-Range: ${header}`);
  const total = match[3] === '*' ? {} : { total: Number(match[3]) };
  if (match[1] === undefined) {
    if (length > 0) throw invalid('A status query has no body');
    return total;
  }
  if (Number(match[2]) - Number(match[1]) + 1 !== length) throw invalid('Content-Range and body differ in length');
  return { start: Number(match[1]), ...total };
}
