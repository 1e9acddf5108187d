import { createHash } from 'node:crypto';
import { rename, utimes, writeFile } from 'node:fs/promises';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { LocalUrlSigner } from '../../../../lib/core/access/local/local-url-signer.ts';
import { LocalUrls, signedPath } from '../../../../lib/core/access/local/local-urls.ts';
import { signedApp } from '../../../../lib/core/access/local/signed-app.ts';
import { byPath } from '../../../../lib/core/serve/by-path.ts';
import { mirrorApp } from '../../../../lib/core/serve/mirror-app.ts';
import { startServer } from '../../../../lib/core/serve/start-server.ts';
import { DirectoryStore } from '../../../../lib/core/stores/directory-store.ts';
import { type FixtureMirror, layOutMirror, sampleBytes } from '../../../fixtures/mirror.ts';
import { readerOf } from '../../../fixtures/open-store-mirror.ts';
import { ask } from '../../../fixtures/serving.ts';
import { HeldClock } from './held-clock.ts';

const weights = sampleBytes(300_000, 'private weights');
const key = 'weights/1.0.0/sub/a b.bin';

let mirror: FixtureMirror;
let clock: HeldClock;
let base: string;
let urls: LocalUrls;

/** The target of a URL that the server of this test signed. */
async function signed(seconds = 900, file = key, fileName = 'a b.bin'): Promise<string> {
  const etag = (await new DirectoryStore({ url: mirror.url, root: mirror.root }).head(file))?.etag ?? '';
  const session = await new LocalUrlSigner(urls, () => base, clock).prepare(seconds);
  const sha256 = createHash('sha256').update(weights).digest('hex');
  const url = await session.sign({ key: file, version: undefined, etag, sha256, fileName });
  expect(url.startsWith(base)).toBe(true);
  return url.slice(base.length - 1);
}

/** Nothing in an answer may tell what of a request was wrong. */
function shown({ status, headers, body }: Awaited<ReturnType<typeof ask>>) {
  const all: Record<string, unknown> = { ...headers, date: '' };
  return { status, headers: all, body: body.toString() };
}

beforeEach(async () => {
  mirror = await layOutMirror(
    [{ collection: 'weights', version: '1.0.0', files: { 'sub/a b.bin': weights, 'empty.bin': '', 'ü"#?%.bin': 'u' } }],
    { access: 'private' },
  );
  clock = new HeldClock();
  urls = new LocalUrls();
  const store = new DirectoryStore({ url: mirror.url, root: mirror.root });
  const outside = mirrorApp(readerOf((await layOutMirror([])).root));
  const app = byPath([{ path: signedPath, app: signedApp(store, urls, clock) }], outside);
  const server = await startServer(app, '127.0.0.1', 0);
  onTestFinished(() => server.stop(0));
  base = server.url;
});

describe('a signed URL', () => {
  test('gives the bytes, under the name that was signed, for nobody to keep', async () => {
    const { status, headers, body } = await ask(base, await signed());
    expect([status, body.equals(weights)]).toEqual([200, true]);
    expect(headers).toMatchObject({
      'content-length': '300000',
      'content-type': 'application/octet-stream',
      'content-disposition': 'attachment; filename="a b.bin"',
      'accept-ranges': 'bytes',
      'cache-control': 'private, no-store',
      'x-content-type-options': 'nosniff',
    });
    expect((await ask(base, await signed(900, 'weights/1.0.0/empty.bin', 'e'))).headers['content-length']).toBe('0');
    const odd = await ask(base, await signed(900, 'weights/1.0.0/ü"#?%.bin', 'ü"#?%.bin'));
    expect(odd.body.toString()).toBe('u');
    expect(odd.headers['content-disposition']).toBe(
      `attachment; filename="__#?_.bin"; filename*=UTF-8''%C3%BC%22%23%3F%25.bin`,
    );
  });

  test('has only the last segment of a name that was made to deceive', async () => {
    const { headers } = await ask(base, await signed(900, key, '../../etc/passwd'));
    expect(headers['content-disposition']).toBe('attachment; filename="passwd"');
  });

  test('gives ranges, also on the condition that the file is the same', async () => {
    const target = await signed();
    const { status, headers, body } = await ask(base, target, { range: 'bytes=100-199' });
    expect([status, headers['content-range']]).toEqual([206, 'bytes 100-199/300000']);
    expect(body.equals(weights.subarray(100, 200))).toBe(true);
    const etag = String(headers.etag);
    expect((await ask(base, target, { range: 'bytes=0-0', 'if-range': etag })).status).toBe(206);
    expect((await ask(base, target, { range: 'bytes=0-0', 'if-range': '"other"' })).status).toBe(200);
    expect((await ask(base, target, { 'if-match': '"other"' })).status).toBe(412);
    expect((await ask(base, target, { 'if-none-match': etag })).status).toBe(304);
    // There is no date that they could be judged by.
    const date = 'Fri, 01 Jan 2100 00:00:00 GMT';
    expect((await ask(base, target, { range: 'bytes=0-0', 'if-range': date })).status).toBe(200);
    expect((await ask(base, target, { 'if-modified-since': date })).status).toBe(200);
  });

  test('answers a range beyond the end with 416 and the length', async () => {
    const { status, headers } = await ask(base, await signed(), { range: 'bytes=300000-' });
    expect([status, headers['content-range']]).toEqual([416, 'bytes */300000']);
  });

  test('ends at its time, which is judged when a request begins', async () => {
    const target = await signed(60);
    clock.pass(59.4);
    expect((await ask(base, target)).status).toBe(200);
    clock.pass(0.1);
    expect((await ask(base, target)).status).toBe(403);
    clock.pass(-0.1);
    expect((await ask(base, target)).status).toBe(200);
  });

  test('says truly when it ends', async () => {
    const signer = new LocalUrlSigner(urls, () => 'https://weights.example/sub/', clock);
    const { expiresAt, sign } = await signer.prepare(900);
    const url = await sign({ key, version: undefined, etag: 'e', fileName: 'f' });
    expect(new URL(url).searchParams.get('expires')).toBe(String(expiresAt.getTime() / 1000));
    expect(expiresAt.getTime() - clock.now().getTime()).toBeGreaterThan(899_000);
    expect(expiresAt.getTime() - clock.now().getTime()).toBeLessThanOrEqual(900_000);
    expect(url).toMatch(/^https:\/\/weights\.example\/sub\/v1\/~signed\/weights\//);
  });

  test('does not give another file that took the place of the signed one', async () => {
    const target = await signed();
    await rename(mirror.path(key), mirror.path('aside'));
    expect((await ask(base, target)).status).toBe(404);
    await writeFile(mirror.path(key), sampleBytes(300_000, 'other weights'));
    const { status, body } = await ask(base, target);
    expect([status, body.length < 100]).toEqual([412, true]);
  });

  test('gives a file that was copied, and so has another tag, once it has been read', async () => {
    const target = await signed();
    const before = String((await ask(base, target)).headers.etag);
    await utimes(mirror.path(key), 1, 1);
    const answers = await Promise.all([ask(base, target), ask(base, target, { range: 'bytes=0-9' })]);
    expect(answers.map(({ status }) => status)).toEqual([200, 206]);
    expect(answers[0]?.body.equals(weights)).toBe(true);
    expect(answers[0]?.headers.etag).not.toBe(before);
    // Of another length, or with one other byte.
    await writeFile(mirror.path(key), weights.subarray(1));
    expect((await ask(base, target)).status).toBe(412);
    const other = Buffer.from(weights);
    other[7] = (other[7] ?? 0) ^ 1;
    await writeFile(mirror.path(key), other);
    expect((await ask(base, target)).status).toBe(412);
  });

  test('is refused beside an Authorization header, good or not, as on S3', async () => {
    const target = await signed();
    for (const authorization of ['Bearer x', 'Basic eDp5', 'AWS4-HMAC-SHA256 Credential=x', '']) {
      expect((await ask(base, target, { authorization })).status).toBe(400);
      expect((await ask(base, target.replace('a%20b', 'b'), { authorization })).status).toBe(400);
    }
  });

  test('does not depend on what the Host header says', async () => {
    const answer = await ask(base, await signed(), { host: 'evil.example' });
    expect([answer.status, answer.headers.location]).toEqual([200, undefined]);
  });
});

describe('what was not signed so', () => {
  const later = (target: string) => target.replace(/expires=(\d+)/, (_, text: string) => `expires=${Number(text) + 1}`);
  const flipped = (target: string) =>
    target.replace(/(signature=.{20})(.)/, (_, before: string, one: string) => before + (one === 'A' ? 'B' : 'A'));
  test.each<[string, (target: string) => string, string?]>([
    ['the path', (target) => target.replace('a%20b.bin', 'empty.bin')],
    ['a path beside', (target) => target.replace('sub/a%20b', '../1.0.0/sub/a%20b')],
    ['an encoded separator', (target) => target.replace('sub/a', 'sub%2Fa')],
    ['the end', later],
    ['the tag', (target) => target.replace('etag=3', 'etag=4')],
    ['the name', (target) => target.replace('name=a', 'name=b')],
    ['one character of the signature', flipped],
    ['the last character of the signature', (target) => target.slice(0, -1) + (target.endsWith('A') ? 'B' : 'A')],
    ['a shorter signature', (target) => target.slice(0, -1)],
    ['no signature', (target) => target.replace(/&signature=.*/, '')],
    ['an empty signature', (target) => target.replace(/signature=.*/, 'signature=')],
    ['two signatures', (target) => `${target}&signature=x`],
    ['another parameter', (target) => `${target}&version=1`],
    ['an end that is no number', (target) => target.replace(/expires=\d+/, 'expires=1e99')],
    ['no query', (target) => target.replace(/\?.*/, '')],
    ['nothing but the path', () => `${signedPath}/`],
    ['a target with a host', (target) => `http://evil.example${target}`],
    ['HEAD', (target) => target, 'HEAD'],
    ['PUT', (target) => target, 'PUT'],
    ['POST', (target) => target, 'POST'],
    ['DELETE', (target) => target, 'DELETE'],
    ['OPTIONS', (target) => target, 'OPTIONS'],
  ])('is refused, and not why: %s', async (_, change, method = 'GET') => {
    const target = await signed();
    const other = change(target);
    expect([method, other]).not.toEqual(['GET', target]);
    const refused = shown(await ask(base, other, {}, method));
    // With a host in the target it is not below the path of signed URLs, and nothing of the public mirror either.
    if (other.startsWith('http:')) return expect(refused.status).toBe(404);
    clock.pass(901);
    const expired = shown(await ask(base, target));
    if (method === 'HEAD') {
      expect(refused).toMatchObject({ status: 403, body: '' });
      delete expired.headers['content-length'];
      expired.body = '';
    }
    expect(refused).toEqual(expired);
    expect(expired.status).toBe(403);
    expect(Object.values(refused.headers).join() + refused.body).not.toMatch(/sub|bin|signature/);
  });

  test('is what another server has signed', async () => {
    const mine = await signed();
    urls = new LocalUrls();
    const theirs = await signed();
    expect([(await ask(base, mine)).status, (await ask(base, theirs)).status]).toEqual([200, 403]);
  });
});
