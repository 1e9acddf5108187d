import { createServer, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo, Socket } from 'node:net';
import { createProxy } from 'proxy';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient, type HttpClientOptions } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import type { Resolver } from '../../../lib/core/http/origin-rules.ts';
import { createCertificate, type ServerCertificate } from '../../upstream/certificate.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';

let certificate: ServerCertificate;
let upstream: Upstream;
let proxy: Server;
let proxyUrl: URL;
let tunnels: (string | undefined)[];
let clients: HttpClient[];
let sockets: Set<Socket>;
let authorizations: (string | undefined)[];

const publicAddress: Resolver = async () => [{ address: '93.184.216.34', family: 4 }];

beforeAll(async () => {
  certificate = createCertificate(['models.example', 'huggingface.example']);
  upstream = await startUpstream({ tls: certificate });
  upstream.put('/a', Buffer.from('weights'));
});

afterAll(async () => {
  await upstream.close();
});

beforeEach(async () => {
  tunnels = [];
  clients = [];
  sockets = new Set();
  authorizations = [];
  const server = createServer();
  server.on('connection', (socket) => sockets.add(socket));
  // The outside world of this proxy: every name leads to the upstream.
  server.prependListener('connect', (request) => {
    tunnels.push(request.url);
    authorizations.push(request.headers['proxy-authorization']);
    request.url = `127.0.0.1:${new URL(upstream.origin).port}`;
  });
  proxy = createProxy(server);
  await new Promise<void>((resolve) => proxy.listen(0, '127.0.0.1', resolve));
  proxyUrl = new URL(`http://127.0.0.1:${(proxy.address() as AddressInfo).port}`);
});

afterEach(async () => {
  for (const client of clients) await client.close();
  for (const socket of sockets) socket.destroy();
  await new Promise((resolve) => proxy.close(resolve));
});

async function fetchText(url: string, options: Partial<HttpClientOptions> = {}): Promise<string> {
  const client = createHttpClient({
    userAgent: 'weighbridge/test',
    ca: [certificate.ca],
    resolver: publicAddress,
    proxy: { https: proxyUrl },
    timeouts: { connect: 2 },
    ...options,
  });
  clients.push(client);
  return await (await client.request({ method: 'GET', url: new URL(url) })).text(100);
}

describe('an operator’s proxy', () => {
  it('carries TLS that it cannot read, to the name and not the address', async () => {
    expect(await fetchText('https://models.example/a')).toBe('weights');
    expect(tunnels).toEqual(['models.example:443']);
  });

  it('gets the user and password of its URL', async () => {
    proxyUrl.username = 'user';
    proxyUrl.password = 'p%40ss';
    (proxy as ReturnType<typeof createProxy>).authenticate = (request) =>
      request.headers['proxy-authorization'] === `Basic ${Buffer.from('user:p@ss').toString('base64')}`;
    expect(await fetchText('https://models.example/a')).toBe('weights');
    expect(authorizations).toHaveLength(1);
  });

  it('that wants a password is named, and not asked again', async () => {
    (proxy as ReturnType<typeof createProxy>).authenticate = () => false;
    await expect(fetchText('https://models.example/a?sig=s3cret')).rejects.toMatchObject({
      outcome: 'broken',
      retryable: false,
      message: expect.stringMatching(/^(?!.*s3cret).*proxy.*407/),
    });
  });

  it('is never asked for a literal private address, nor for a name that leads to one', async () => {
    await expect(fetchText('https://10.0.0.1/a')).rejects.toMatchObject({ outcome: 'forbidden' });
    await expect(fetchText('https://169.254.169.254/a')).rejects.toMatchObject({ outcome: 'forbidden' });
    const resolver: Resolver = async () => [{ address: '192.168.0.10', family: 4 }];
    await expect(fetchText('https://models.example/a', { resolver })).rejects.toMatchObject({ outcome: 'forbidden' });
    expect(tunnels).toEqual([]);
  });

  it('is trusted with outside names that only it can look up, but not with inside ones', async () => {
    const resolver: Resolver = () => Promise.reject(Object.assign(new Error('no such name'), { code: 'ENOTFOUND' }));
    expect(await fetchText('https://models.example/a', { resolver })).toBe('weights');
    for (const host of ['metadata.google.internal', 'intranet', 'printer.local', 'metadata.google.internal.']) {
      await expect(fetchText(`https://${host}/a`, { resolver })).rejects.toMatchObject({ outcome: 'broken' });
    }
    expect(tunnels).toEqual(['models.example:443']);
  });

  it('is passed by for hosts in NO_PROXY', async () => {
    const options = { proxy: { https: proxyUrl, noProxy: '.example' }, timeouts: { connect: 0.2 } };
    await expect(fetchText('https://models.example/a', options)).rejects.toMatchObject({ outcome: 'broken' });
    expect(tunnels).toEqual([]);
  });

  it('forwards plain http for an origin that is trusted, after the same check', async () => {
    const plain = await startUpstream();
    plain.put('/a', Buffer.from('plain'));
    const asked: (string | undefined)[] = [];
    proxy.prependListener('request', (request) => {
      asked.push(request.url);
      request.url = plain.url('/a');
    });
    const options = { proxy: { http: proxyUrl }, trustedOrigins: ['http://models.example'] };
    expect(await fetchText('http://models.example/a', options)).toBe('plain');
    const resolver: Resolver = async () => [{ address: '169.254.169.254', family: 4 }];
    await expect(fetchText('http://models.example/a', { ...options, resolver })).rejects.toMatchObject({
      outcome: 'forbidden',
    });
    expect(asked).toEqual(['http://models.example/a']);
    await plain.close();
  });

  it('may itself want TLS, with an authority of its own', async () => {
    const own = createCertificate();
    const secure = createTlsServer({ key: own.key, cert: own.cert });
    secure.on('connection', (socket: Socket) => sockets.add(socket));
    secure.prependListener('connect', (request: IncomingMessage) => {
      request.url = `127.0.0.1:${new URL(upstream.origin).port}`;
    });
    createProxy(secure as Server);
    await new Promise<void>((resolve) => secure.listen(0, '127.0.0.1', resolve));
    const url = new URL(`https://127.0.0.1:${(secure.address() as AddressInfo).port}`);
    const options = { proxy: { https: url }, ca: [certificate.ca, own.ca] };
    expect(await fetchText('https://models.example/a', options)).toBe('weights');
    await expect(fetchText('https://models.example/a', { ...options, ca: [certificate.ca] })).rejects.toMatchObject({
      outcome: 'broken',
      hint: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
    for (const client of clients) await client.close();
    for (const socket of sockets) socket.destroy();
    await new Promise((resolve) => secure.close(resolve));
  });

  it('that closes the connection ends the request', async () => {
    proxy.prependListener('connect', (_request, socket) => socket.destroy());
    await expect(fetchText('https://models.example/a')).rejects.toMatchObject({ outcome: 'broken', retryable: true });
  });

  it('that is not there is worth another try', async () => {
    const closed = new URL(proxyUrl);
    closed.port = '9';
    await expect(fetchText('https://models.example/a', { proxy: { https: closed } })).rejects.toMatchObject({
      outcome: 'broken',
      retryable: true,
    });
  });
});
