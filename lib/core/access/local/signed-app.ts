import type { HttpBindings } from '@hono/node-server';
import { Hono } from 'hono';
import type { Clock } from '../../clock.ts';
import { answerObject } from '../../serve/answer-object.ts';
import { refusal } from '../../serve/refusal.ts';
import { attachmentNamed } from '../../stores/content-disposition.ts';
import type { Store } from '../../stores/store.ts';
import { CopiedFiles } from './copied-files.ts';
import type { LocalUrls } from './local-urls.ts';

/** Clients that send their header on to another host, and any client where the API is asked by the very host of the URLs. */
const onlyOneWay =
  'only one way to authenticate is allowed: a signed URL, or an Authorization header. With ?redirect=0 the API gives the URL as text';

type App = Hono<{ Bindings: HttpBindings }>;

/**
 * Answers signed URLs as S3 does, so that what works here works there: GET only, one way to authenticate, expiry judged
 * when the request begins, ranges and conditions. Which of signature, time and method was wrong is not told.
 */
export function signedApp(store: Pick<Store, 'head' | 'read'>, urls: LocalUrls, clock: Clock): App {
  const app: App = new Hono();
  const copied = new CopiedFiles(store);
  app.onError(() => refusal(503, 'the store cannot be read'));
  app.all('*', async (context) => {
    const { incoming } = context.env;
    if (incoming.headers.authorization !== undefined) {
      return refusal(400, onlyOneWay);
    }
    const signed = incoming.method === 'GET' ? urls.verify(incoming.url ?? '') : undefined;
    if (signed === undefined || clock.now().getTime() >= signed.expires * 1000) {
      return refusal(403, 'the URL does not allow this (any more)');
    }
    const { key, fileName } = signed;
    const stat = await store.head(key);
    if (stat === undefined) return refusal(404, 'the file is gone');
    const { etag } = stat;
    if (etag !== signed.etag && !(await copied.holds(stat, signed.sha256))) {
      return refusal(412, 'the file is no longer the one that was signed');
    }
    const disposition = attachmentNamed(fileName);
    return await answerObject(context.env, {
      size: stat.size,
      modifiedAt: undefined,
      headers: {
        etag: `"${etag}"`,
        'content-type': 'application/octet-stream',
        'accept-ranges': 'bytes',
        'cache-control': 'private, no-store',
        ...(disposition === undefined ? {} : { 'content-disposition': disposition }),
      },
      read: async (range, signal) => store.read(key, { range, signal, etag }),
    });
  });
  return app;
}
