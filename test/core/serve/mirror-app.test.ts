import { createHash } from 'node:crypto';
import { appendFile, mkdir, readFile, rename, rm, symlink, truncate, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { beforeEach, describe, expect, test } from 'vitest';
import { type FixtureMirror, layOutMirror, sampleBytes } from '../../fixtures/mirror.ts';
import { ask, serving } from '../../fixtures/serving.ts';

const weights = sampleBytes(300_000, 'weights');
const hex = createHash('sha256').update(weights).digest('hex');
const etag = `"${hex}"`;
const target = '/weights/1.0.0/sub/a%20b.bin';

let mirror: FixtureMirror;
let base: string;

beforeEach(async () => {
  mirror = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'sub/a b.bin': weights, 'empty.bin': '' } },
    { collection: 'gone', version: '1.0.0', files: { 'a.bin': 'a' }, pruned: { at: '2026-03-03' } },
  ]);
  base = await serving(mirror.root);
});

describe('a published file', () => {
  test('comes whole, with its digest as ETag and in the digest fields', async () => {
    const { status, headers, body } = await ask(base, target);
    expect(status).toBe(200);
    expect(body.equals(weights)).toBe(true);
    const digest = Buffer.from(hex, 'hex').toString('base64');
    expect(headers).toMatchObject({
      etag,
      'content-length': '300000',
      'accept-ranges': 'bytes',
      'repr-digest': `sha-256=:${digest}:`,
      digest: `SHA-256=${digest}`,
      'cache-control': 'public, max-age=31536000, immutable',
      'content-type': 'application/octet-stream',
      'x-content-type-options': 'nosniff',
      'last-modified': 'Thu, 01 Jan 2026 00:00:00 GMT',
    });
    expect(headers['content-encoding']).toBeUndefined();
  });

  test('is described by HEAD exactly as by GET, without a body', async () => {
    const [got, head] = await Promise.all([ask(base, target), ask(base, target, { range: 'bytes=0-1' }, 'HEAD')]);
    expect(head.status).toBe(200);
    expect(head.body).toHaveLength(0);
    expect({ ...head.headers, date: '', connection: '' }).toEqual({ ...got.headers, date: '', connection: '' });
  });

  test('comes in one piece when it is empty', async () => {
    const { status, headers, body } = await ask(base, '/weights/1.0.0/empty.bin');
    expect([status, headers['content-length'], body.length]).toEqual([200, '0', 0]);
    expect((await ask(base, '/weights/1.0.0/empty.bin', { range: 'bytes=0-0' })).status).toBe(416);
  });

  test.each([
    ['bytes=0-0', 0, 1],
    ['bytes=0-99', 0, 100],
    ['bytes=299999-', 299_999, 300_000],
    ['bytes=100-9999999', 100, 300_000],
    ['bytes=-5', 299_995, 300_000],
    ['bytes=-9999999', 0, 300_000],
    ['Bytes=1-2', 1, 3],
  ])('answers %s with that part', async (range, start, end) => {
    const { status, headers, body } = await ask(base, target, { range });
    expect(status).toBe(206);
    expect(headers['content-range']).toBe(`bytes ${start}-${end - 1}/300000`);
    expect(headers['content-length']).toBe(String(end - start));
    expect(body.equals(weights.subarray(start, end))).toBe(true);
  });

  test.each(['bytes=300000-', 'bytes=400000-500000', 'bytes=-0'])(
    'answers %s with 416 and its length',
    async (range) => {
      const { status, headers } = await ask(base, target, { range });
      expect(status).toBe(416);
      expect(headers['content-range']).toBe('bytes */300000');
    },
  );

  test.each(['bytes=0-0,5-9', 'bytes=5-2', 'bytes=', 'bytes=-', 'items=0-1', 'bytes=a-b', '0-1'])(
    'comes whole when the range %j cannot be honoured',
    async (range) => {
      const { status, body } = await ask(base, target, { range });
      expect([status, body.length]).toEqual([200, 300_000]);
    },
  );

  test.each([
    [{ 'if-none-match': etag }, 304],
    [{ 'if-none-match': `W/${etag}` }, 304],
    [{ 'if-none-match': `"x", ${etag}` }, 304],
    [{ 'if-none-match': '*' }, 304],
    [{ 'if-none-match': '"x"' }, 200],
    [{ 'if-none-match': '"x"', 'if-modified-since': 'Fri, 01 Jan 2027 00:00:00 GMT' }, 200],
    [{ 'if-modified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 304],
    [{ 'if-modified-since': 'Wed, 31 Dec 2025 23:59:59 GMT' }, 200],
    [{ 'if-modified-since': 'nonsense' }, 200],
    [{ 'if-match': etag }, 200],
    [{ 'if-match': '*' }, 200],
    [{ 'if-match': '"x"' }, 412],
    [{ 'if-match': `W/${etag}` }, 412],
    [{ 'if-unmodified-since': 'Wed, 31 Dec 2025 23:59:59 GMT' }, 412],
    [{ 'if-unmodified-since': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 200],
    [{ range: 'bytes=0-1', 'if-range': etag }, 206],
    [{ range: 'bytes=0-1', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=0-1', 'if-range': `W/${etag}` }, 200],
    [{ range: 'bytes=0-1', 'if-range': 'Thu, 01 Jan 2026 00:00:00 GMT' }, 206],
    [{ range: 'bytes=0-1', 'if-range': 'Fri, 01 Jan 2027 00:00:00 GMT' }, 200],
    [{ range: 'bytes=900000-', 'if-range': '"x"' }, 200],
    [{ range: 'bytes=0-1', 'if-none-match': etag }, 304],
  ])('answers the condition %j with %i', async (headers, status) => {
    const answer = await ask(base, target, headers as unknown as Record<string, string>);
    expect(answer.status).toBe(status);
    if (status === 304) {
      expect(answer.headers.etag).toBe(etag);
      expect(answer.body).toHaveLength(0);
    }
  });
});

describe('records', () => {
  test('carry the digest of their own bytes; the registry is not cached for long', async () => {
    for (const [key, caching] of [
      ['registry.json', 'public, max-age=60'],
      ['weights/1.0.0/release.json', 'public, max-age=31536000, immutable'],
      ['weights/1.0.0/SHA256SUMS', 'public, max-age=31536000, immutable'],
      ['weights/1.0.0/RELEASE.md', 'public, max-age=31536000, immutable'],
    ] as const) {
      const bytes = await readFile(mirror.path(key));
      const { status, headers, body } = await ask(base, `/${key}`);
      expect([key, status, headers['cache-control']]).toEqual([key, 200, caching]);
      expect(body.equals(bytes)).toBe(true);
      expect(headers.etag).toBe(`"${createHash('sha256').update(bytes).digest('hex')}"`);
    }
  });

  test('are served in ranges too', async () => {
    const { status, body } = await ask(base, '/registry.json', { range: 'bytes=0-0' });
    expect([status, body.toString()]).toEqual([206, '{']);
  });

  test('follow a registry that was replaced', async () => {
    expect((await ask(base, '/later/1.0.0/x.bin')).status).toBe(404);
    await layOutMirror([{ collection: 'later', version: '1.0.0', files: { 'x.bin': 'x' } }], { root: mirror.root });
    expect((await ask(base, '/later/1.0.0/x.bin')).body.toString()).toBe('x');
    expect((await ask(base, target)).status).toBe(404);
  });
});

describe('what is not published does not exist', () => {
  test.each([
    '/weights/1.0.0/objects.json',
    '/weights/1.0.0/',
    '/weights/1.0.0',
    '/weights',
    '/weights/',
    '/gone/1.0.0/a.bin',
    '/gone/1.0.0/release.json',
    '/.weighbridge/lock.sqlite',
    '/unfinished/1.0.0/a.bin',
    '/weights/1.0.0/stray.bin',
    '/weights/1.0.0/link.bin',
    '/weights/1.0.0/constructor',
    '/constructor/1.0.0/a.bin',
    '/__proto__/x/y',
    '/favicon.ico',
    '/nothing',
  ])('%s', async (path) => {
    await mkdir(mirror.path('.weighbridge'));
    await writeFile(mirror.path('.weighbridge/lock.sqlite'), 'private');
    await mkdir(mirror.path('unfinished/1.0.0'), { recursive: true });
    await writeFile(mirror.path('unfinished/1.0.0/a.bin'), 'half');
    await writeFile(mirror.path('weights/1.0.0/stray.bin'), 'stray');
    await symlink('/etc/hostname', mirror.path('weights/1.0.0/link.bin'));
    const { status, headers, body } = await ask(base, path);
    expect(status).toBe(404);
    expect(headers['content-type']).toContain('text/plain');
    expect(body.toString()).toBe('there is nothing under this name\n');
  });

  test.each([
    '/../../etc/passwd',
    '/weights/1.0.0/../../../etc/passwd',
    '/%2e%2e/%2e%2e/etc/passwd',
    '/..%2f..%2fetc%2fpasswd',
    '/%252e%252e%252fetc%252fpasswd',
    '/..%5c..%5cetc%5cpasswd',
    '/..\\..\\etc\\passwd',
    '/weights/1.0.0/sub%2fa%20b.bin',
    '/weights/1.0.0//sub/a%20b.bin',
    '//weights/1.0.0/sub/a%20b.bin',
    '/./registry.json',
    '/weights/../registry.json',
    '/registry.json%00',
    '/registry.json%00.txt',
    '/%ff',
    '/%',
    '/%c0%ae%c0%ae/etc/passwd',
    '//etc/passwd',
    '/C:/windows/win.ini',
  ])('however it is written: %s', async (path) => {
    const { status, body } = await ask(base, path);
    // What is no URL at all is refused before any name is looked up.
    expect([400, 404]).toContain(status);
    expect(body.toString()).not.toContain('root:');
  });

  test('a query changes nothing, and absolute targets are not followed', async () => {
    expect((await ask(base, `${target}?x=../../etc`)).status).toBe(200);
    expect((await ask(base, 'http://elsewhere.example/etc/passwd')).status).toBeGreaterThanOrEqual(400);
  });

  test.each(['POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS', 'PROPFIND'])('%s is not allowed', async (method) => {
    const { status, headers } = await ask(base, target, {}, method);
    expect([status, headers.allow]).toEqual([405, 'GET, HEAD']);
  });

  test('a connection that sends rubbish is ended, and the server lives on', async () => {
    const { hostname, port } = new URL(base);
    const socket = connect(Number(port), hostname);
    const said = new Promise<string>((resolve) => {
      let text = '';
      socket.on('data', (chunk) => {
        text += chunk;
      });
      socket.on('close', () => resolve(text));
    });
    socket.write('GET /\0 \r\n\u0001\r\n\r\n');
    expect(await said).toMatch(/^HTTP\/1\.1 400/);
    expect((await ask(base, target)).status).toBe(200);
  });
});

describe('damage is not served as if it were good', () => {
  test.each<[string, () => Promise<unknown>, string]>([
    ['a truncated file', () => truncate(mirror.path('weights/1.0.0/sub/a b.bin'), 5), target],
    ['a longer file', () => appendFile(mirror.path('weights/1.0.0/sub/a b.bin'), '!'), target],
    ['a file that is gone', () => rm(mirror.path('weights/1.0.0/sub/a b.bin')), target],
    [
      'an edited record',
      () => appendFile(mirror.path('weights/1.0.0/release.json'), ' '),
      '/weights/1.0.0/release.json',
    ],
    ['a file of an edited record', () => appendFile(mirror.path('weights/1.0.0/release.json'), ' '), target],
    ['edited sums', () => appendFile(mirror.path('weights/1.0.0/SHA256SUMS'), '# x\n'), '/weights/1.0.0/SHA256SUMS'],
    ['a broken registry', () => writeFile(mirror.path('registry.json'), '{'), '/registry.json'],
  ])('%s', async (_, damage, path) => {
    await damage();
    const { status, headers, body } = await ask(base, path);
    expect(status).toBe(503);
    expect(headers['cache-control']).toBe('no-store');
    expect(body.toString()).not.toContain(mirror.root);
    expect(body.length).toBeGreaterThan(10);
  });

  test('a private mirror is not served to strangers', async () => {
    const { root } = await layOutMirror([{ collection: 'secret', version: '1.0.0', files: { 'a.bin': 'a' } }], {
      access: 'private',
    });
    const url = await serving(root);
    for (const path of ['/', '/registry.json', '/secret/1.0.0/a.bin']) {
      const { status, body } = await ask(url, path);
      expect(status).toBe(503);
      expect(body.toString()).not.toContain('secret');
    }
  });
});

test('the front page lists releases and nothing in it is markup by accident', async () => {
  const { status, headers, body } = await ask(base, '/');
  expect(status).toBe(200);
  expect(headers['content-type']).toContain('text/html');
  expect(body.toString()).toContain('weights@1.0.0');
  expect(body.toString()).not.toContain('gone@1.0.0');
});

test('a slow reader gets every byte, and one that leaves stops nothing', async () => {
  const big = sampleBytes(8_000_000, 'big');
  const { root } = await layOutMirror([{ collection: 'big', version: '1.0.0', files: { 'a.bin': big } }]);
  const { hostname, port } = new URL(await serving(root));
  const leaver = connect(Number(port), hostname);
  leaver.write('GET /big/1.0.0/a.bin HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => leaver.once('data', resolve));
  leaver.destroy();
  const slow = connect(Number(port), hostname);
  slow.write('GET /big/1.0.0/a.bin HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n');
  const chunks: Buffer[] = [];
  for await (const chunk of slow) {
    chunks.push(chunk);
    if (chunks.length % 50 === 0) await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const all = Buffer.concat(chunks);
  expect(all.subarray(all.indexOf('\r\n\r\n') + 4).equals(big)).toBe(true);
});

test('a file that shrinks while it is sent ends the connection, not the body', async () => {
  const big = sampleBytes(64_000_000, 'shrinking');
  const { root, path } = await layOutMirror([{ collection: 'big', version: '1.0.0', files: { 'a.bin': big } }]);
  const { hostname, port } = new URL(await serving(root));
  const socket = connect(Number(port), hostname);
  socket.write('GET /big/1.0.0/a.bin HTTP/1.1\r\nHost: x\r\n\r\n');
  await new Promise((resolve) => socket.once('data', resolve));
  socket.pause();
  await truncate(path('big/1.0.0/a.bin'), 1_000_000);
  let received = 0;
  await new Promise<void>((resolve) => {
    socket.on('data', (chunk) => {
      received += chunk.length;
    });
    socket.on('close', () => resolve());
    socket.on('error', () => resolve());
    socket.resume();
  });
  expect(received).toBeLessThan(big.length);
  await rename(path('big'), path('moved'));
});
