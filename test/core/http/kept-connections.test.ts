import { once } from 'node:events';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer as createRawServer, type Server } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import { SourceError } from '../../../lib/core/sources/source.ts';

let server: Server;
let client: HttpClient;

async function listen(made: Server): Promise<{ readonly url: URL; readonly connections: () => number }> {
  let connections = 0;
  server = made;
  server.on('connection', () => {
    connections += 1;
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  client = createHttpClient({ userAgent: 'weighbridge/test', trustedOrigins: [origin] });
  return { url: new URL(`${origin}/weights`), connections: () => connections };
}

afterEach(async () => {
  await client.close();
  server.close();
});

describe('a connection', () => {
  it('serves HEAD after HEAD of files of any size, and then a GET', async () => {
    const { url, connections } = await listen(
      createHttpServer((request, response) => {
        if (request.method === 'HEAD') response.writeHead(200, { 'content-length': 5_000_000_000 }).end();
        else response.end('weights');
      }),
    );
    for (let count = 0; count < 10; count += 1) {
      const head = await client.request({ method: 'HEAD', url });
      expect(head.header('content-length')).toBe('5000000000');
      await head.discard();
    }
    expect(await (await client.request({ method: 'GET', url })).text(100)).toBe('weights');
    // A request that comes before the last answer has quite ended gets another one.
    expect(connections()).toBeLessThanOrEqual(3);
  });

  it('on which a body followed a HEAD delivers nothing wrong: a fault that another try gets over', async () => {
    const { url } = await listen(
      createRawServer((socket) => {
        socket.on('error', () => {});
        socket.on('data', (request) => {
          const body = request.toString().startsWith('HEAD') ? 'intruder' : 'weights!';
          socket.write(`HTTP/1.1 200 OK\r\nConnection: keep-alive\r\nContent-Length: 8\r\n\r\n${body}`);
        });
      }),
    );
    const seen: string[] = [];
    for (let tries = 0; tries < 20 && !seen.includes('weights!'); tries += 1) {
      try {
        await (await client.request({ method: 'HEAD', url })).discard();
        seen.push(await (await client.request({ method: 'GET', url })).text(100));
      } catch (error) {
        expect(error).toBeInstanceOf(SourceError);
        expect(error).toMatchObject({ outcome: 'broken', retryable: true });
      }
    }
    expect(seen).toEqual(['weights!']);
  });
});
