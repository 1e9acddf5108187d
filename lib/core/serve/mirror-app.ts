import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import { WeighbridgeError } from '../errors.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { briefly, forever } from '../registry/cache-control.ts';
import { answerObject } from './answer-object.ts';
import { indexPage } from './index-page.ts';
import { PublishedIndex } from './published-index.ts';
import type { PublishedObject } from './published-release.ts';
import { guards, refusal } from './refusal.ts';
import { requestKey } from './request-key.ts';

type App = Hono<{ Bindings: HttpBindings }>;

/**
 * A mirror as an HTTP application: GET and HEAD of what is published, with ranges, validators and digests.
 * Reads from `reader` alone and keeps nothing but records in memory.
 */
export function mirrorApp(reader: MirrorReader): App {
  const index = new PublishedIndex(reader);
  const app: App = new Hono();
  app.onError((error) => refusal(503, explain(error)));
  app.all('*', async (context) => {
    const { incoming } = context.env;
    const method = incoming.method ?? '';
    if (method !== 'GET' && method !== 'HEAD')
      return refusal(405, `${method} is not allowed here`, { allow: 'GET, HEAD' });
    const key = requestKey(incoming.url ?? '');
    if (key === '') return page(indexPage(await index.releases()));
    const object = key === undefined ? undefined : await index.find(key);
    if (object === undefined) return refusal(404, 'there is nothing under this name');
    await requireWhole(reader, object);
    const { bytes, size, modifiedAt } = object;
    return await answerObject(context.env, {
      size,
      modifiedAt,
      headers: headersOf(object),
      read: (range, signal) =>
        bytes?.subarray(range.start, range.end) ??
        reader.open(object.key, { range, signal }).then((body) => body.bytes),
    });
  });
  return app;
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

function page(html: string): Response {
  const headers = { ...guards, 'content-type': 'text/html; charset=utf-8', 'cache-control': 'public, max-age=60' };
  return new Response(html, { headers });
}

function explain(error: Error): string {
  return error instanceof WeighbridgeError ? error.message : 'the mirror cannot be read';
}
