import { createServer, type Server } from 'node:http';
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
