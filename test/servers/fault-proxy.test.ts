import { createHash } from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { type FaultProxy, startFaultProxy } from './fault-proxy.ts';
import { s3Answers } from './store-answers.ts';

/** A server that says what reached it, and keeps it. */
async function startEcho() {
  const seen: { method: string; target: string; host: string; sha256: string; size: number }[] = [];
  const server = createServer(async (request, response) => {
    const hash = createHash('sha256');
    let size = 0;
    try {
      for await (const chunk of request) {
        hash.update(chunk);
        size += chunk.length;
      }
    } catch {
      return;
    }
    const { method = '', url: target = '', headers } = request;
    seen.push({ method, target, host: headers.host ?? '', sha256: hash.digest('hex'), size });
    response.setHeader('location', `${origin}/session`);
    response.end('x'.repeat(1000));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const origin = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const stop = () => {
    server.closeAllConnections();
    return new Promise<void>((resolve) => server.close(() => resolve()));
  };
  return { origin, seen, stop };
}

let echo: Awaited<ReturnType<typeof startEcho>>;
let proxy: FaultProxy;
const body = Buffer.alloc(300_000, 7);
const put = () => fetch(`${proxy.url}/a/b?partNumber=1&uploadId=u`, { method: 'PUT', body });

beforeEach(async () => {
  echo = await startEcho();
  proxy = await startFaultProxy(echo.origin);
});

afterEach(async () => {
  await proxy.stop();
  await echo.stop();
});

describe('a fault proxy', () => {
  it('passes requests on as they came, with the host that the client named', async () => {
    const answer = await put();
    expect(answer.status).toBe(200);
    expect(answer.headers.get('location')).toBe(`${proxy.url}/session`);
    expect((await answer.text()).length).toBe(1000);
    const sha256 = createHash('sha256').update(body).digest('hex');
    const target = '/a/b?partNumber=1&uploadId=u';
    expect(echo.seen).toEqual([{ method: 'PUT', target, host: new URL(proxy.url).host, sha256, size: body.length }]);
    expect(proxy.requests).toEqual([
      { method: 'PUT', target, storeStatus: 200, status: 200, fault: undefined, bytes: body.length },
    ]);
  });

  it('answers in the place of the store, for as many requests as it is told', async () => {
    const rule = proxy.fault({ from: 2, times: 1 }, { kind: 'answer', answer: s3Answers.slowDown });
    expect([(await put()).status, (await put()).status, (await put()).status]).toEqual([200, 503, 200]);
    expect(rule.met).toBe(1);
    expect(echo.seen).toHaveLength(2);
  });

  it('drops a connection before the store acted, and after', async () => {
    proxy.fault({ times: 1 }, { kind: 'drop' });
    await expect(put()).rejects.toThrow();
    expect(echo.seen).toHaveLength(0);
    proxy.fault({ times: 1 }, { kind: 'lose-answer' });
    await expect(put()).rejects.toThrow();
    expect(echo.seen).toHaveLength(1);
    expect(proxy.requests.map(({ storeStatus, status }) => [storeStatus, status])).toEqual([
      [undefined, undefined],
      [200, undefined],
    ]);
  });

  it('cuts a request within its body, and an answer within its own', async () => {
    proxy.fault({ times: 1 }, { kind: 'cut-request', at: 1000 });
    await expect(put()).rejects.toThrow();
    expect(echo.seen).toHaveLength(0);
    proxy.fault({ times: 1 }, { kind: 'truncate-answer', at: 10 });
    await expect(put().then((answer) => answer.text())).rejects.toThrow();
    expect(echo.seen).toHaveLength(1);
  });

  it('changes a byte on the way', async () => {
    proxy.fault({}, { kind: 'flip-request', at: 299_999 });
    await put();
    const other = Buffer.from(body);
    other[299_999] = 6;
    expect(echo.seen[0]?.sha256).toBe(createHash('sha256').update(other).digest('hex'));
  });

  it('changes an answer, and does things before the store sees a request', async () => {
    const order: string[] = [];
    proxy.fault({ method: 'GET' }, { kind: 'rewrite', change: (answer) => ({ ...answer, body: Buffer.from('y') }) });
    expect(await (await fetch(`${proxy.url}/z`)).text()).toBe('y');
    const act = async () => void order.push(`before, the store saw ${echo.seen.length}`);
    proxy.fault({ method: 'PUT' }, { kind: 'before', act });
    await put();
    expect(order).toEqual(['before, the store saw 1']);
    expect(echo.seen).toHaveLength(2);
  });

  it('slows a body down', async () => {
    proxy.fault({}, { kind: 'throttle', bytesPerSecond: 1_000_000 });
    const started = performance.now();
    await (await put()).text();
    expect(performance.now() - started).toBeGreaterThan(250);
  });

  it('draws by chance, the same way for the same seed', async () => {
    const statuses = async (seed: number) => {
      proxy.clear();
      proxy.fault({ probability: 0.5, seed }, { kind: 'answer', answer: s3Answers.internalError });
      const got: number[] = [];
      for (let turn = 0; turn < 20; turn++) got.push((await fetch(`${proxy.url}/r`)).status);
      return got;
    };
    const first = await statuses(7);
    expect(new Set(first)).toEqual(new Set([200, 500]));
    expect(await statuses(7)).toEqual(first);
    expect(await statuses(8)).not.toEqual(first);
  });
});
