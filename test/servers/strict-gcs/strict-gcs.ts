import type { IncomingMessage, ServerResponse } from 'node:http';
import { type Answer, emptyAnswer, jsonAnswer, sendAnswer } from './answer.ts';
import { ApiError, invalid, noBucket } from './api-error.ts';
import { bucketPolicy, bucketResource, checkEmpty, patchBucket } from './bucket-calls.ts';
import { type Fault, Faults } from './faults.ts';
import { mediaOf } from './media.ts';
import { resourceOf } from './object-resource.ts';
import { Rewrites } from './rewrites.ts';
import { Sessions } from './sessions.ts';
import { checkSignature, type SigningAccount } from './signed-url.ts';
import { type BucketSettings, checkForWrite, StrictBucket } from './strict-bucket.ts';
import { continueSession, insertObject } from './upload-calls.ts';

export type Permission =
  | 'storage.buckets.create'
  | 'storage.buckets.delete'
  | 'storage.buckets.get'
  | 'storage.buckets.getIamPolicy'
  | 'storage.buckets.setIamPolicy'
  | 'storage.buckets.update'
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
  readonly method: string;
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
  /** `METHOD /path?query content-range` of every request. */
  readonly log: string[] = [];
  readonly #options: StrictGcsOptions;
  readonly #rewrites: Rewrites;

  constructor(options: StrictGcsOptions) {
    this.#options = options;
    this.#rewrites = new Rewrites(options.rewritePerCall ?? Number.POSITIVE_INFINITY);
    for (const [name, settings] of Object.entries(options.buckets ?? {})) this.addBucket(name, settings);
  }

  addBucket(name: string, settings: BucketSettings): void {
    this.buckets.set(name, new StrictBucket(name, { settings, writeInterval: this.#options.writeInterval ?? 0 }));
  }

  async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', url = '/' } = request;
    const [path = '/', search = ''] = url.split('?');
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece);
    const body = Buffer.concat(pieces);
    const line = `${method} ${url} ${request.headers['content-range'] ?? ''}`.trimEnd();
    this.log.push(line);
    const fault = path.startsWith('/_strict') ? undefined : this.faults.take(line);
    const middle = body.length >> 1;
    if (fault?.action === 'flip' && body.length > 0) body[middle] = (body[middle] ?? 0) ^ 1;
    if (fault?.action === 'drop-before') {
      request.socket.destroy();
      return;
    }
    const answer = this.#answer({ request, method, path, query: new URLSearchParams(search), body, fault });
    if (fault?.action === 'drop-after') request.socket.destroy();
    else sendAnswer(answer, response, fault?.action === 'cut');
  }

  #answer(call: Call): Answer {
    const { fault } = call;
    const wait = fault?.retryAfter === undefined ? {} : { 'retry-after': String(fault.retryAfter) };
    try {
      if (fault?.action !== 'status') return this.#route(call);
      const reason = fault.status === 429 ? 'rateLimitExceeded' : 'backendError';
      throw new ApiError(fault.status ?? 503, reason, 'Try again');
    } catch (error) {
      const known = error instanceof ApiError ? error : new ApiError(500, 'backendError', String(error));
      const headers = { 'content-type': 'application/json; charset=UTF-8', ...wait };
      return { status: known.status, headers, body: Buffer.from(known.body) };
    }
  }

  #route(call: Call): Answer {
    const { method, path, query } = call;
    if (path.startsWith('/_strict/')) return this.#control(call);
    const parts = path.split('/').slice(1).map(decodeURIComponent);
    if (parts[0] === 'upload') return this.#upload(call, parts[4] ?? '');
    if (parts[0] !== 'storage' || parts[1] !== 'v1' || parts[2] !== 'b') return this.#xml(call, parts);
    const [bucket, objects, object = '', verb] = parts.slice(3);
    if (bucket === undefined) return this.#createBucket(call);
    if (objects === undefined) return this.#oneBucket(call, bucket);
    if (objects === 'iam' && parts.length === 5) {
      this.#allow(call, method === 'GET' ? 'storage.buckets.getIamPolicy' : 'storage.buckets.setIamPolicy');
      return bucketPolicy(this.#bucket(bucket), method, call.body, query);
    }
    if (parts.length === 5 && method === 'GET') return this.#list(call, bucket);
    if (verb === 'rewriteTo') return this.#rewrite(call, bucket, object, parts[10] ?? '');
    if (method === 'DELETE') {
      this.#allow(call, 'storage.objects.delete');
      this.#bucket(bucket).remove(object, query.get('generation'), query);
      return emptyAnswer(204);
    }
    if (method !== 'GET') throw invalid(`${method} is not known here`);
    this.#allow(call, 'storage.objects.get');
    if (call.fault?.action === 'stale' && !query.has('generation')) {
      const versions = this.#bucket(bucket)
        .all(true)
        .filter(({ name }) => name === object);
      query.set('generation', versions.at(-2)?.generation ?? '');
    }
    if (query.get('alt') === 'media') return mediaOf(this.#bucket(bucket), object, query, call.request);
    const found = this.#bucket(bucket).find(object, query.get('generation'));
    checkForWrite(query, found);
    return jsonAnswer(resourceOf(this.#bucket(bucket), found), query);
  }

  #upload(call: Call, bucketName: string): Answer {
    const id = call.query.get('upload_id');
    if (id !== null) return continueSession(call, id, this.sessions, call.fault?.keep);
    this.#allow(call, 'storage.objects.create');
    const bucket = this.#bucket(bucketName);
    return insertObject(call, bucket, this.sessions, (name) => this.#allowReplacing(call, bucket, name));
  }

  #list(call: Call, bucketName: string): Answer {
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
    const answer = {
      kind: 'storage#objects',
      ...(page.length === 0 ? {} : { items: page.map((each) => resourceOf(bucket, each)) }),
      ...(last + 1 < found.length ? { nextPageToken: Buffer.from(String(last)).toString('base64url') } : {}),
    };
    return jsonAnswer(answer, query);
  }

  #rewrite(call: Call, bucketName: string, from: string, to: string): Answer {
    this.#allow(call, 'storage.objects.get');
    this.#allow(call, 'storage.objects.create');
    const bucket = this.#bucket(bucketName);
    this.#allowReplacing(call, bucket, to);
    const answer = this.#rewrites.call(bucket, from, to, call.query, call.body.toString('utf8'));
    if (answer.done) return jsonAnswer({ done: true, resource: resourceOf(bucket, answer.made) }, call.query);
    const { moved, size, token } = answer;
    const further = { totalBytesRewritten: String(moved), objectSize: String(size), rewriteToken: token };
    return jsonAnswer({ done: false, ...further }, call.query);
  }

  /** The XML API, as far as it reads objects: with a token, or by a signed URL, which allows one method. */
  #xml(call: Call, parts: readonly string[]): Answer {
    const { request, method, path, query } = call;
    const [bucket = '', ...name] = parts;
    if (request.headers.authorization !== undefined) {
      if (method !== 'GET' && method !== 'HEAD') throw invalid(`${method} is not known here`);
      this.#allow(call, 'storage.objects.get');
    } else {
      const now = new Date(Date.now() + this.sessions.advanced * 1000);
      checkSignature(method, path, query, request.headers, this.#options.accounts ?? [], now);
      if (method !== 'GET') throw invalid('only GET is signed here');
    }
    return mediaOf(this.#bucket(bucket), name.join('/'), query, request);
  }

  #createBucket(call: Call): Answer {
    this.#allow(call, 'storage.buckets.create');
    const { name, ...settings } = JSON.parse(call.body.toString('utf8')) as { name: string };
    if (this.buckets.has(name)) throw new ApiError(409, 'conflict', 'You already own this bucket.');
    this.addBucket(name, settings);
    return jsonAnswer(bucketResource(this.#bucket(name)), call.query);
  }

  #oneBucket(call: Call, name: string): Answer {
    const { method, query } = call;
    switch (method) {
      case 'GET':
        this.#allow(call, 'storage.buckets.get');
        return jsonAnswer(bucketResource(this.#bucket(name)), query);
      case 'PATCH':
        this.#allow(call, 'storage.buckets.update');
        return patchBucket(this.#bucket(name), call.body, query);
      case 'DELETE':
        this.#allow(call, 'storage.buckets.delete');
        checkEmpty(this.#bucket(name));
        this.buckets.delete(name);
        return emptyAnswer(204);
      default:
        throw invalid(`${method} of a bucket is not known here`);
    }
  }

  /** What a test asks of the server itself, also from another process. */
  #control({ path, body, query }: Call): Answer {
    const asked = JSON.parse(body.toString('utf8') || '{}');
    if (path === '/_strict/fault') this.faults.add(asked as Fault);
    else if (path === '/_strict/advance') this.sessions.advanced += Number(asked.seconds);
    else if (path !== '/_strict/state') throw invalid('unknown');
    return jsonAnswer({ openSessions: this.sessions.open, requests: this.log.length }, query);
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
