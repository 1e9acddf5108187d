import type { IncomingMessage, ServerResponse } from 'node:http';
import { ApiError, invalid, noBucket } from './api-error.ts';
import { type Fault, Faults } from './faults.ts';
import { sendMedia } from './media.ts';
import { parseMultipart } from './multipart.ts';
import { parseMeta, pick, resourceOf } from './object-resource.ts';
import { Rewrites } from './rewrites.ts';
import { Sessions } from './sessions.ts';
import { checkSignature, type SigningAccount } from './signed-url.ts';
import { type BucketSettings, checkForWrite, StrictBucket } from './strict-bucket.ts';

export type Permission =
  | 'storage.buckets.create'
  | 'storage.buckets.get'
  | 'storage.objects.create'
  | 'storage.objects.delete'
  | 'storage.objects.get'
  | 'storage.objects.list';

export interface StrictGcsOptions {
  /** Buckets that are there from the start. */
  readonly buckets?: Readonly<Record<string, BucketSettings>>;
  /** Bearer tokens and what each allows. */
  readonly tokens: Readonly<Record<string, readonly Permission[] | 'all'>>;
  /** Milliseconds between two writes of one object, 429 for what comes sooner; no limit when absent. */
  readonly writeInterval?: number;
  /** Bytes that one call of a rewrite moves; all when absent. */
  readonly rewritePerCall?: number;
  readonly accounts?: readonly SigningAccount[];
  /** Requests without a token may do everything, as with an emulator. */
  readonly anonymous?: boolean;
}

/** One request on its way through the server. */
interface Call {
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly path: string;
  readonly query: URLSearchParams;
  readonly body: Buffer;
  readonly fault: Fault | undefined;
}

/**
 * The JSON API of Cloud Storage as its documentation describes it, refusing what the documentation refuses. It checks
 * this project's reading of GCS, not GCS.
 */
export class StrictGcs {
  readonly faults = new Faults();
  readonly sessions = new Sessions();
  readonly buckets = new Map<string, StrictBucket>();
  /** `METHOD /path` of every request. */
  readonly log: string[] = [];
  readonly #options: StrictGcsOptions;
  readonly #rewrites: Rewrites;

  constructor(options: StrictGcsOptions) {
    this.#options = options;
    this.#rewrites = new Rewrites(options.rewritePerCall ?? Number.POSITIVE_INFINITY);
    for (const [name, settings] of Object.entries(options.buckets ?? {})) this.#addBucket(name, settings);
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const [path = '/', search = ''] = url.split('?');
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const fault = path.startsWith('/_strict')
      ? undefined
      : this.faults.take(`${method} ${url} ${request.headers['content-range'] ?? ''}`);
    this.log.push(`${method} ${path}`);
    if (fault?.action === 'drop-before') return void request.socket.destroy();
    if (fault?.action === 'drop-after')
      dropAnswer(request, response);
    if (fault?.action === 'cut') cutAnswer(request, response);
    if (fault?.action === 'flip' && body.length > 0) body[body.length >> 1] = (body[body.length >> 1] ?? 0) ^ 1;
    try {
      if (fault?.action === 'status') {
        if (fault.retryAfter !== undefined) response.setHeader('retry-after', fault.retryAfter);
        throw new ApiError(
          fault.status ?? 503,
          fault.status === 429 ? 'rateLimitExceeded' : 'backendError',
          'Try again',
        );
      }
      this.#route({ request, response, path, query: new URLSearchParams(search), body, fault });
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(500, 'backendError', String(error));
      response.writeHead(known.status, { 'content-type': 'application/json; charset=UTF-8' });
      response.end(known.body);
    }
  }

  #route(call: Call): void {
    const { path, query, request } = call;
    const method = request.method ?? 'GET';
    if (path.startsWith('/_strict/')) return this.#control(call);
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    if (parts[0] === 'upload') return this.#upload(call, parts[4] ?? '');
    if (parts[0] !== 'storage' || parts[1] !== 'v1' || parts[2] !== 'b') return this.#xml(call, parts);
    const bucket = parts[3];
    if (bucket === undefined) return this.#createBucket(call);
    if (parts.length === 4) {
      this.#allow(call, 'storage.buckets.get');
      return send(call, { name: bucket, ...this.#bucket(bucket).rules.settings });
    }
    if (parts.length === 5 && method === 'GET') return this.#list(call, bucket);
    const object = parts[5] ?? '';
    if (parts[6] === 'rewriteTo') return this.#rewrite(call, bucket, object, parts[10] ?? '');
    if (method === 'DELETE') {
      this.#allow(call, 'storage.objects.delete');
      this.#bucket(bucket).remove(object, query.get('generation'), query);
      call.response.writeHead(204);
      call.response.end();
      return;
    }
    if (method !== 'GET') throw invalid(`${method} is not known here`);
    this.#allow(call, 'storage.objects.get');
    if (query.get('alt') === 'media') {
      return sendMedia(this.#bucket(bucket), object, query, request, call.response);
    }
    const found = this.#bucket(bucket).find(object, query.get('generation'));
    checkForWrite(query, found);
    send(call, resourceOf(this.#bucket(bucket), found));
  }

  #upload(call: Call, bucketName: string): void {
    const { query, request, body, response } = call;
    const id = query.get('upload_id');
    if (id !== null) {
      // The session's URI is the credential.
      if (request.method === 'DELETE') this.sessions.cancel(id);
      const answer = this.sessions.put(id, request, body, call.fault?.action === 'keep' ? call.fault.keep : undefined);
      if (answer.status === 200) return send(call, resourceOf(answer.bucket, answer.made));
      response.writeHead(308, {
        ...(answer.persisted === 0 ? {} : { range: `bytes=0-${answer.persisted - 1}` }),
        'content-length': 0,
      });
      response.end();
      return;
    }
    this.#allow(call, 'storage.objects.create');
    const bucket = this.#bucket(bucketName);
    const type = String(request.headers['content-type'] ?? '');
    switch (query.get('uploadType')) {
      case 'media': {
        const name = query.get('name') ?? '';
        this.#allowReplacing(call, bucket, name);
        return send(call, resourceOf(bucket, bucket.insert(name, body, { contentType: type }, query)));
      }
      case 'multipart': {
        const { meta, bytes } = parseMultipart(type, body);
        const name = query.get('name') ?? meta.name ?? '';
        this.#allowReplacing(call, bucket, name);
        const { name: _, ...rest } = meta;
        return send(call, resourceOf(bucket, bucket.insert(name, bytes, rest, query)));
      }
      case 'resumable': {
        const { name: named, ...meta } = parseMeta(body.toString('utf8'));
        const name = query.get('name') ?? named ?? '';
        this.#allowReplacing(call, bucket, name);
        const session = this.sessions.start(bucket, name, meta, query, request);
        const base = `http://${request.headers.host}/upload/storage/v1/b/${encodeURIComponent(bucket.name)}/o`;
        response.writeHead(200, { location: `${base}?uploadType=resumable&upload_id=${session}`, 'content-length': 0 });
        response.end();
        return;
      }
      default:
        throw invalid('uploadType');
    }
  }

  #list(call: Call, bucketName: string): void {
    this.#allow(call, 'storage.objects.list');
    const { query } = call;
    const bucket = this.#bucket(bucketName);
    const prefix = query.get('prefix') ?? '';
    const most = Math.min(1000, Number(query.get('maxResults') ?? 1000));
    const token = query.get('pageToken');
    const after = token === null ? -1 : Number(Buffer.from(token, 'base64url').toString('utf8'));
    const start = Buffer.from(query.get('startOffset') ?? '');
    const found = bucket
      .all(query.get('versions') === 'true')
      .filter(({ name }) => name.startsWith(prefix) && Buffer.compare(Buffer.from(name), start) >= 0);
    const page = found.slice(after + 1, after + 1 + most);
    const last = after + page.length;
    send(call, {
      kind: 'storage#objects',
      ...(page.length === 0 ? {} : { items: page.map((each) => resourceOf(bucket, each)) }),
      ...(last + 1 < found.length ? { nextPageToken: Buffer.from(String(last)).toString('base64url') } : {}),
    });
  }

  #rewrite(call: Call, bucketName: string, from: string, to: string): void {
    this.#allow(call, 'storage.objects.get');
    this.#allow(call, 'storage.objects.create');
    const bucket = this.#bucket(bucketName);
    this.#allowReplacing(call, bucket, to);
    const answer = this.#rewrites.call(bucket, from, to, call.query, call.body.toString('utf8'));
    if (answer.done)
      return send(call, { kind: 'storage#rewriteResponse', done: true, resource: resourceOf(bucket, answer.made) });
    const { moved, size, token } = answer;
    send(call, { done: false, totalBytesRewritten: String(moved), objectSize: String(size), rewriteToken: token });
  }

  /** The XML API, as far as signed URLs use it. */
  #xml({ request, response, path, query }: Call, parts: readonly string[]): void {
    const { accounts = [] } = this.#options;
    const now = new Date(Date.now() + this.sessions.advanced * 1000);
    checkSignature(request.method ?? 'GET', path, query, request.headers, accounts, now);
    if (request.method !== 'GET') throw invalid('only GET is signed here');
    const [bucket = '', ...name] = parts;
    sendMedia(this.#bucket(bucket), name.join('/'), query, request, response);
  }

  #createBucket(call: Call): void {
    this.#allow(call, 'storage.buckets.create');
    const { name, ...settings } = JSON.parse(call.body.toString('utf8')) as { name: string };
    if (this.buckets.has(name)) throw new ApiError(409, 'conflict', 'You already own this bucket.');
    this.#addBucket(name, settings);
    send(call, { kind: 'storage#bucket', name, ...settings });
  }

  /** What a test asks of the server itself, also from another process. */
  #control(call: Call): void {
    const asked = JSON.parse(call.body.toString('utf8') || '{}');
    if (call.path === '/_strict/fault') this.faults.add(asked as Fault);
    else if (call.path === '/_strict/advance') this.sessions.advanced += Number(asked.seconds);
    else if (call.path !== '/_strict/state') throw invalid('unknown');
    send(call, { openSessions: this.sessions.open, requests: this.log.length });
  }

  #addBucket(name: string, settings: BucketSettings): void {
    this.buckets.set(name, new StrictBucket(name, { settings, writeInterval: this.#options.writeInterval ?? 0 }));
  }

  #bucket(name: string): StrictBucket {
    const found = this.buckets.get(name);
    if (found === undefined) throw noBucket();
    return found;
  }

  /** Replacing is deleting as well. */
  #allowReplacing(call: Call, bucket: StrictBucket, name: string): void {
    const condition = call.query.get('ifGenerationMatch');
    if (bucket.live(name) !== undefined && condition !== '0') this.#allow(call, 'storage.objects.delete');
  }

  #allow({ request }: Call, permission: Permission): void {
    const token = /^Bearer (.+)$/.exec(request.headers.authorization ?? '')?.[1];
    if (token === undefined && this.#options.anonymous === true) return;
    const allowed = token === undefined ? undefined : this.#options.tokens[token];
    if (allowed === undefined) throw new ApiError(401, 'authError', 'Invalid Credentials');
    if (allowed === 'all' || allowed.includes(permission)) return;
    throw new ApiError(403, 'forbidden', `tester@example.org does not have ${permission} access.`);
  }
}

function send({ response, query }: Call, value: unknown): void {
  const text = JSON.stringify(pick(value, query.get('fields')));
  response.writeHead(200, {
    'content-type': 'application/json; charset=UTF-8',
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

/** What was done stays done; nobody hears of it. */
function dropAnswer(request: IncomingMessage, response: ServerResponse): void {
  response.end = (() => {
    request.socket.destroy();
    return response;
  }) as typeof response.end;
}

/** Sends half of the body that is declared, and drops the connection. */
function cutAnswer(request: IncomingMessage, response: ServerResponse): void {
  response.end = ((body: Buffer) => {
    response.write(body.subarray(0, Math.floor(body.length / 2)), () => request.socket.destroy());
    return response;
  }) as typeof response.end;
}
