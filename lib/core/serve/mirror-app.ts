import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { HttpBindings } from '@hono/node-server';
import { RESPONSE_ALREADY_SENT } from '@hono/node-server/utils/response';
import { Hono } from 'hono';
import type { ByteRange } from '../byte-range.ts';
import { WeighbridgeError } from '../errors.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { briefly, forever } from '../registry/cache-control.ts';
import { requestedRange } from './http-range.ts';
import { indexPage } from './index-page.ts';
import { failedPrecondition, type HeaderOf, rangeApplies } from './preconditions.ts';
import { PublishedIndex } from './published-index.ts';
import type { PublishedObject } from './published-release.ts';
import { requestKey } from './request-key.ts';

type App = Hono<{ Bindings: HttpBindings }>;

/** For every answer: what is served is data, whatever a browser would like to make of it. */
const guards = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; sandbox",
};

/**
 * A mirror as an HTTP application: GET and HEAD of what is published, with ranges, validators and digests.
 * Reads from `reader` alone and keeps nothing but records in memory.
 */
export function mirrorApp(reader: MirrorReader): App {
  const index = new PublishedIndex(reader);
  const app: App = new Hono();
  app.onError((error) => refusal(503, explain(error)));
  app.all('*', async (context) => {
    const { incoming, outgoing } = context.env;
    const method = incoming.method ?? '';
    if (method !== 'GET' && method !== 'HEAD')
      return refusal(405, `${method} is not allowed here`, { allow: 'GET, HEAD' });
    const key = requestKey(incoming.url ?? '');
    if (key === '') return page(indexPage(await index.releases()));
    const object = key === undefined ? undefined : await index.find(key);
    if (object === undefined) return refusal(404, 'there is nothing under this name');
    await requireWhole(reader, object);
    const header: HeaderOf = (name) => context.req.header(name);
    const headers = headersOf(object);
    const validators = { etag: headers.etag, modifiedAt: object.modifiedAt };
    const failed = failedPrecondition(header, validators);
    if (failed === 304) return new Response(null, { status: 304, headers: { ...guards, ...validatorsOnly(headers) } });
    if (failed === 412) return refusal(412, 'the object is not the one that the condition names');
    const asked = method === 'GET' && rangeApplies(header, validators) ? header('range') : undefined;
    const range = requestedRange(asked, object.size);
    if (range === 'unsatisfiable') {
      return refusal(416, `the object has ${object.size} bytes`, { 'content-range': `bytes */${object.size}` });
    }
    const { start, end } = range ?? { start: 0, end: object.size };
    const described = { ...guards, ...headers, 'content-length': String(end - start) };
    // Hono makes a new response of the answer to HEAD, so this one must be an ordinary one.
    if (method === 'HEAD') return new Response(null, { headers: described });
    // Written to the socket by Node's own streams: a web stream in between would halve the rate.
    if (range === undefined) outgoing.writeHead(200, described);
    else outgoing.writeHead(206, { ...described, 'content-range': `bytes ${start}-${end - 1}/${object.size}` });
    if (object.bytes !== undefined) outgoing.end(object.bytes.subarray(start, end));
    else await send(reader, object.key, { start, end }, outgoing);
    return RESPONSE_ALREADY_SENT;
  });
  return app;
}

/** A body that cannot be ended rightly ends with the connection, so that no client takes half of it for the whole. */
async function send(
  reader: MirrorReader,
  key: string,
  range: ByteRange,
  outgoing: HttpBindings['outgoing'],
): Promise<void> {
  const gone = new AbortController();
  outgoing.on('close', () => gone.abort());
  try {
    if (range.start === range.end) return void outgoing.end();
    const body = await reader.open(key, { range, signal: gone.signal });
    await pipeline(Readable.from(exactly(body.bytes, range), { objectMode: false }), outgoing);
  } catch {
    outgoing.destroy();
  }
}

async function* exactly(bytes: AsyncIterable<Uint8Array>, range: ByteRange): AsyncGenerator<Uint8Array> {
  let rest = range.end - range.start;
  for await (const chunk of bytes) {
    rest -= chunk.length;
    if (rest < 0) break;
    yield chunk;
  }
  if (rest !== 0) throw new MirrorDamaged('an object changed its length while it was sent');
}

/** @throws MirrorDamaged for an artifact that is no longer there in its recorded length */
async function requireWhole(reader: MirrorReader, object: PublishedObject): Promise<void> {
  if (object.bytes !== undefined) return;
  const stat = await reader.head(object.key);
  if (stat?.size === object.size) return;
  const found = stat === undefined ? 'is gone' : `has ${stat.size} bytes instead of ${object.size}`;
  throw new MirrorDamaged(`${object.key} is damaged: it ${found}`);
}

function headersOf(object: PublishedObject) {
  return {
    etag: `"${object.sha256.hex}"`,
    'last-modified': object.modifiedAt.toUTCString(),
    'cache-control': object.immutable ? forever : briefly,
    'content-type': object.mediaType,
    'accept-ranges': 'bytes',
    'repr-digest': object.sha256.reprDigest,
    // RFC 3230, obsolete and still what aria2 proves its downloads by.
    digest: `SHA-256=${Buffer.from(object.sha256.hex, 'hex').toString('base64')}`,
  };
}

function validatorsOnly(headers: ReturnType<typeof headersOf>) {
  const { etag, 'last-modified': modified, 'cache-control': caching } = headers;
  return { etag, 'last-modified': modified, 'cache-control': caching };
}

function refusal(status: 404 | 405 | 412 | 416 | 503, message: string, headers: Record<string, string> = {}): Response {
  return new Response(`${message}\n`, {
    status,
    headers: { ...guards, 'content-type': 'text/plain; charset=utf-8', 'cache-control': 'no-store', ...headers },
  });
}

function page(html: string): Response {
  const headers = { ...guards, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=60' };
  return new Response(html, { headers });
}

function explain(error: Error): string {
  return error instanceof WeighbridgeError ? error.message : 'the mirror cannot be read';
}
