import { once } from 'node:events';
import { connect } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { longestArrival, startServer } from '../../../lib/core/serve/start-server.ts';

const patient = 20_000;

async function started(arrival: number): Promise<{ port: number; bodies: Promise<unknown>[] }> {
  const bodies: Promise<unknown>[] = [];
  const fetch = async (request: Request) => {
    const body = request.text().then(
      () => 'whole',
      () => 'broken off',
    );
    bodies.push(body);
    return new Response(await body);
  };
  const server = await startServer({ fetch }, '127.0.0.1', 0, arrival);
  onTestFinished(() => server.stop(0));
  return { port: Number(new URL(server.url).port), bodies };
}

/** All that comes until the server ends the connection. */
async function untilEnded(port: number, begun: string, drip: string): Promise<string> {
  const socket = connect(port, '127.0.0.1');
  let got = '';
  socket.on('data', (bytes) => {
    got += bytes.toString();
  });
  socket.on('error', () => {});
  socket.write(begun);
  // What comes is not what counts: that it came whole is.
  const dripping = setInterval(() => socket.write(drip), 100);
  onTestFinished(() => void socket.destroy());
  await once(socket, 'close', { signal: AbortSignal.timeout(patient) }).finally(() => clearInterval(dripping));
  return got;
}

test('a request whose header or body never ends is ended, however steadily it comes', async () => {
  const { port, bodies } = await started(0.6);
  const post = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
  const [header, body] = await Promise.all([
    untilEnded(port, 'GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ', 'a'),
    untilEnded(port, post, '1\r\na\r\n'),
  ]);
  expect(header).toMatch(/^HTTP\/1\.1 408 /);
  expect(body).not.toContain(' 200 ');
  expect(await Promise.all(bodies)).toEqual(['broken off']);
});

test('whoever is proven when a request begins is judged by a policy of half a minute at most when it has come', () => {
  /** Seconds for which `serve` takes a policy as it was last read. */
  const policyAge = 2;
  expect(policyAge + longestArrival * (1 + 1 / 3)).toBeLessThan(30);
});
