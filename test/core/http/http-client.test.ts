import { createServer } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClientOptions } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient, HttpRequest } from '../../../lib/core/http/http-client.ts';
import { SourceError } from '../../../lib/core/sources/source.ts';
import { closedOrigin, startUpstream, type Upstream } from '../../upstream/upstream.ts';

let upstream: Upstream;
let other: Upstream;
let clients: HttpClient[];

beforeEach(async () => {
  upstream = await startUpstream();
  other = await startUpstream();
  clients = [];
});

afterEach(async () => {
  for (const client of clients) await client.close();
  await upstream.close();
  await other.close();
});

function client(options: Partial<HttpClientOptions> = {}): HttpClient {
  const made = createHttpClient({
    userAgent: 'weighbridge/test',
    trustedOrigins: [upstream.origin, other.origin],
    ...options,
  });
  clients.push(made);
  return made;
}

async function get(path: string, more: Partial<HttpRequest> = {}, options: Partial<HttpClientOptions> = {}) {
  return await client(options).request({ method: 'GET', url: new URL(path, upstream.origin), ...more });
}

async function failure(work: Promise<unknown>): Promise<SourceError> {
  const error = await work.then(
    () => undefined,
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof SourceError)) throw new Error(`expected a SourceError, got ${String(error)}`);
  return error;
}

describe('a request', () => {
  it('delivers bytes as they are, says who asks and asks for no encoding', async () => {
    upstream.put('/a', Buffer.from('weights'));
    const response = await get('/a');
    expect(response.status).toBe(200);
    expect(await response.text(100)).toBe('weights');
    expect(upstream.requests[0]?.headers).toMatchObject({
      'accept-encoding': 'identity',
      'user-agent': 'weighbridge/test',
    });
  });

  it('refuses a body that is encoded all the same', async () => {
    upstream.put('/a', Buffer.alloc(5000));
    upstream.fault('/a', { kind: 'gzip' });
    expect(await failure(get('/a'))).toMatchObject({ outcome: 'wrong-content', retryable: false });
  });

  it('reads no more text than it was allowed to', async () => {
    upstream.put('/a', Buffer.alloc(5000));
    const response = await get('/a');
    expect(await failure(response.text(4999))).toMatchObject({ outcome: 'broken' });
  });

  it('ends with the reason of the signal that ended it', async () => {
    upstream.put('/a', Buffer.alloc(5000));
    upstream.fault('/a', { kind: 'stall', at: 100 });
    const controller = new AbortController();
    const response = await get('/a', { signal: controller.signal });
    const reason = new Error('enough');
    setImmediate(() => controller.abort(reason));
    await expect(response.text(5000)).rejects.toBe(reason);
  });

  it('can leave a body unread, of any size, and go on', async () => {
    upstream.put('/large', Buffer.alloc(8_000_000));
    upstream.put('/small', Buffer.alloc(100));
    const one = client({ connectionsPerOrigin: 1 });
    for (const path of ['/large', '/small', '/large', '/small']) {
      await (await one.request({ method: 'GET', url: new URL(path, upstream.origin) })).discard();
    }
    const last = await one.request({ method: 'GET', url: new URL('/small', upstream.origin) });
    expect((await last.text(100)).length).toBe(100);
  });
});

describe('a fault of the wire', () => {
  it('is broken and worth another try when the connection is refused', async () => {
    const closed = await closedOrigin();
    const error = await failure(
      client({ trustedOrigins: [closed] }).request({ method: 'GET', url: new URL(`${closed}/x?sig=s3cret`) }),
    );
    expect(error).toMatchObject({ outcome: 'broken', retryable: true });
    expect(error.message).toContain('refused the connection');
    expect(error.message).not.toContain('s3cret');
  });

  it.each([
    ['no answer at all', { kind: 'drop' }],
    ['a reset inside the body', { kind: 'reset', at: 1000 }],
    ['an end before the declared length', { kind: 'short', by: 10 }],
    ['a stall inside the body', { kind: 'stall', at: 1000 }],
    ['headers that do not come', { kind: 'slow-start', seconds: 3 }],
  ] as const)('is broken and worth another try: %s', async (_name, fault) => {
    upstream.put('/a', Buffer.alloc(200_000));
    upstream.fault('/a', fault);
    const timeouts = { headers: 0.5, body: 0.5 };
    const error = await failure(get('/a', {}, { timeouts }).then((response) => response.text(1_000_000)));
    expect(error).toMatchObject({ outcome: 'broken', retryable: true });
  });

  it('is not blamed on a server whose reader takes a break', async () => {
    upstream.put('/a', Buffer.alloc(20_000_000));
    const response = await get('/a', {}, { timeouts: { body: 0.3 } });
    let size = 0;
    for await (const chunk of response.body) {
      if (size === 0) await new Promise((resolve) => setTimeout(resolve, 1500));
      size += chunk.byteLength;
    }
    expect(size).toBe(20_000_000);
  });

  it('is a time-out when nobody accepts', async () => {
    // Accepts and never says a word of TLS.
    const silent = createServer((socket) => socket.on('error', () => {}).resume());
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const port = (silent.address() as { port: number }).port;
    const origin = `https://127.0.0.1:${port}`;
    const one = client({ trustedOrigins: [origin], timeouts: { connect: 0.3 } });
    expect(await failure(one.request({ method: 'GET', url: new URL(origin) }))).toMatchObject({
      outcome: 'broken',
      retryable: true,
    });
    await one.close();
    await new Promise((resolve) => silent.close(resolve));
  });
});

describe('redirects', () => {
  it('are followed, and every hop is told', async () => {
    upstream.fault('/a', { kind: 'redirect', to: '/b', status: 307 });
    upstream.fault('/b', { kind: 'redirect', to: other.url('/c') });
    other.put('/c', Buffer.from('there'));
    const response = await get('/a');
    expect(await response.text(10)).toBe('there');
    expect(response.url.href).toBe(other.url('/c'));
    expect(response.hops.map(({ status, url }) => [status, url.pathname])).toEqual([
      [307, '/a'],
      [302, '/b'],
    ]);
  });

  it('that run in a loop are named', async () => {
    upstream.fault('/a', { kind: 'redirect', to: '/b' });
    upstream.fault('/b', { kind: 'redirect', to: '/a' });
    const error = await failure(get('/a'));
    expect(error).toMatchObject({ outcome: 'broken', retryable: false });
    expect(error.message).toContain('loop');
    expect(upstream.requests).toHaveLength(2);
  });

  it('end after ten', async () => {
    for (let at = 0; at < 12; at += 1) upstream.fault(`/${at}`, { kind: 'redirect', to: `/${at + 1}` });
    const error = await failure(get('/0'));
    expect(error).toMatchObject({ outcome: 'broken', retryable: false });
    expect(upstream.requests).toHaveLength(11);
  });

  it.each([
    ['plain http', () => 'http://models.example/a'],
    ['a private address', () => 'https://10.0.0.1/a'],
    ['a metadata service', () => 'http://169.254.169.254/latest/meta-data'],
    ['this machine, by a number', () => 'https://2130706433/a'],
    ['an untrusted port of a trusted host', async () => `${await closedOrigin()}/a`],
    ['another scheme', () => 'file:///etc/passwd'],
  ])('to %s are refused', async (_name, target) => {
    upstream.fault('/a', { kind: 'redirect', to: await target() });
    expect(await failure(get('/a'))).toMatchObject({ outcome: 'forbidden', retryable: false });
  });

  it('are handed back where the caller asked for that', async () => {
    upstream.fault('/a', { kind: 'redirect', to: '/b' });
    upstream.fault('/b', { kind: 'redirect', to: 'http://169.254.169.254/' });
    expect(await get('/a', { followRedirects: false })).toMatchObject({ status: 302 });
    expect((await get('/a', { followRedirects: 'same-origin' })).url.pathname).toBe('/b');
  });
});

describe('a credential', () => {
  const credentials = () => [{ origins: [upstream.origin], headers: { authorization: 'Bearer hf_secret' } }];
  const authorizations = (server: Upstream) => server.requests.map(({ headers }) => headers.authorization);

  it('goes to its own host and stays on it', async () => {
    upstream.fault('/a', { kind: 'redirect', to: '/b' });
    upstream.put('/b', Buffer.alloc(1));
    await (await get('/a', {}, { credentials: credentials() })).discard();
    expect(authorizations(upstream)).toEqual(['Bearer hf_secret', 'Bearer hf_secret']);
  });

  it('never follows a redirect to another host, nor back from there', async () => {
    upstream.fault('/a', { kind: 'redirect', to: other.url('/b') });
    other.fault('/b', { kind: 'redirect', to: upstream.url('/c') });
    upstream.put('/c', Buffer.alloc(1));
    await (await get('/a', {}, { credentials: credentials() })).discard();
    expect(authorizations(upstream)).toEqual(['Bearer hf_secret', undefined]);
    expect(authorizations(other)).toEqual([undefined]);
  });

  it('of a host is not lent to whoever redirects there', async () => {
    other.fault('/b', { kind: 'redirect', to: upstream.url('/c') });
    upstream.put('/c', Buffer.alloc(1));
    const response = await client({ credentials: credentials() }).request({
      method: 'GET',
      url: new URL(other.url('/b')),
    });
    await response.discard();
    expect(authorizations(upstream)).toEqual([undefined]);
  });

  it('given with the request is dropped at the border too, and userinfo is never sent', async () => {
    upstream.fault('/a', { kind: 'redirect', to: other.url('/b').replace('//', '//user:pass@') });
    other.put('/b', Buffer.alloc(1));
    const url = new URL(upstream.url('/a').replace('//', '//me:pw@'));
    await (await get('/a', { url, headers: { Cookie: 'c=1', 'x-kept': 'yes' } })).discard();
    expect(upstream.requests[0]?.headers).toMatchObject({ cookie: 'c=1' });
    expect(upstream.requests[0]?.headers.authorization).toBeUndefined();
    expect(other.requests[0]?.headers).toMatchObject({ 'x-kept': 'yes' });
    expect(other.requests[0]?.headers.cookie ?? other.requests[0]?.headers.authorization).toBeUndefined();
  });

  it('is left out on request', async () => {
    upstream.put('/a', Buffer.alloc(1));
    await (await get('/a', { credentials: false }, { credentials: credentials() })).discard();
    expect(authorizations(upstream)).toEqual([undefined]);
  });
});
