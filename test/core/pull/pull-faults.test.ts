import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, readdir, readFile, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { systemClock } from '../../../lib/core/clock.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';
import type { PullReport } from '../../../lib/core/pull/pull-report.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../../fixtures/mirror.ts';
import { httpMirror, pull } from '../../fixtures/pulling.ts';
import {
  answer,
  answerStatus,
  answerWith,
  breakAfter,
  type Misbehaviour,
  type UnrulyServer,
  unrulyServer,
} from '../../fixtures/unruly-server.ts';

const size = 5_000_000;
const weights = sampleBytes(size, 'weights');
const key = 'weights/1.0.0/a.bin';
const flipped = Buffer.from(weights);
flipped[size - 1] = (flipped[size - 1] ?? 0) ^ 1;

let server: UnrulyServer;
let into: string;

beforeEach(async () => {
  const { root } = await layOutMirror([
    { collection: 'weights', version: '1.0.0', files: { 'a.bin': weights, 'b.txt': 'b' }, optional: ['b.txt'] },
  ]);
  server = await unrulyServer(root);
  into = await temporaryFolder();
});

const from = () => ({ reader: httpMirror(server.url) });

function fileOf(report: PullReport, name: string) {
  const found = report.files.find(({ file }) => file === name);
  if (found === undefined) throw new Error(`no ${name} in the report`);
  return found;
}

async function expectWeights(): Promise<void> {
  expect((await readFile(join(into, 'a.bin'))).equals(weights)).toBe(true);
}

describe('a fault that passes is outlasted', () => {
  test.each<[string, Misbehaviour, number]>([
    ['a connection that breaks', breakAfter(1_000_000), 3],
    ['a server that is not well', answerStatus(503), 2],
    ['a limit', answerStatus(429, { 'retry-after': '1' }), 2],
    ['a connection that breaks at once', (response) => response.socket?.destroy(), 2],
  ])('%s', async (_, how, times) => {
    server.misbehave(key, how, times);
    const events: CoreEvent[] = [];
    const report = await pull('weights', into, { ...from(), emit: (event) => events.push(event) });
    expect(report.ok).toBe(true);
    await expectWeights();
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(times);
    expect(fileOf(report, 'a.bin').bytesFetched).toBe(size);
  });

  test('a fault of the records too', async () => {
    server.misbehave('registry.json', answerStatus(503), 2);
    server.misbehave('weights/1.0.0/release.json', breakAfter(10), 2);
    expect((await pull('weights', into, from())).ok).toBe(true);
  });

  test('a server that cannot do ranges sends everything again, and the bytes are right', async () => {
    let broken = false;
    server.misbehave(key, (response, bytes, request) => {
      if (broken) return answerWith(bytes)(response, bytes, request);
      broken = true;
      breakAfter(2_000_000)(response, bytes, request);
    });
    const report = await pull('weights', into, from());
    expect(report.ok).toBe(true);
    await expectWeights();
    expect(fileOf(report, 'a.bin').bytesFetched).toBeGreaterThan(size);
  });

  test('a connection that breaks with every megabyte is still progress', async () => {
    server.misbehave(key, breakAfter(500_000), 9);
    expect((await pull('weights', into, from())).ok).toBe(true);
    await expectWeights();
    // What was in the socket when it broke is sent again; a restart would send at least half a megabyte more.
    expect(server.sent(key)).toBeLessThan(size + 400_000);
  });
});

describe('what is wrong is never put in place', () => {
  test.each<[string, Misbehaviour, RegExp]>([
    ['one flipped bit', answerWith(flipped), /other bytes: expected sha256 [0-9a-f]{64}, got [0-9a-f]{64}/],
    ['a body that is short', answerWith(weights.subarray(0, -1)), /has 4999999 bytes, its record says 5000000/],
    ['a body that is long', answerWith(Buffer.concat([weights, Buffer.from('!')])), /has 5000001 bytes/],
    ['a page', answerWith('<html>please log in</html>'), /has 26 bytes/],
    ['nothing', answerWith(''), /has 0 bytes/],
    ['a refusal', answerStatus(403), /refuses .* \(HTTP 403\)/],
    ['a missing file', answerStatus(404), /is not at/],
    ['a server that stays ill', answerStatus(500), /answered HTTP 500/],
    ['an odd status', answerStatus(204), /answered HTTP 204/],
    [
      'an endless body',
      (response) => {
        response.writeHead(200);
        const chunk = Buffer.alloc(1_000_000);
        const more = () => {
          while (response.writable && response.write(chunk));
          if (response.writable) response.once('drain', more);
        };
        more();
      },
      /has \d+ bytes, its record says 5000000/,
    ],
    [
      'a coded body',
      (response, bytes) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bytes),
      /encoded|coding/,
    ],
  ])('%s', async (_, how, reason) => {
    await mkdir(into, { recursive: true });
    await writeFile(join(into, 'a.bin'), 'what was there before');
    server.misbehave(key, how);
    const report = await pull('weights', into, from());
    expect(report.ok).toBe(false);
    expect(fileOf(report, 'a.bin')).toMatchObject({ state: 'failed', reason: expect.stringMatching(reason) });
    expect(fileOf(report, 'b.txt').state).toBe('fetched');
    expect(await readFile(join(into, 'a.bin'), 'utf8')).toBe('what was there before');
  });

  test('a good file survives a forced download that fails', async () => {
    await pull('weights', into, from());
    server.misbehave(key, answerWith(flipped));
    expect((await pull('weights', into, { ...from(), force: true })).ok).toBe(false);
    await expectWeights();
  });

  test('the same wrong bytes are not fetched again', async () => {
    server.misbehave(key, answerWith(flipped));
    await pull('weights', into, from());
    expect(server.sent(key)).toBe(size);
    expect(await readdir(join(into, '.weighbridge/partial'))).toEqual([]);
  });

  test('an optional file that fails is told and stops nothing', async () => {
    server.misbehave('weights/1.0.0/b.txt', answerStatus(404));
    const report = await pull('weights', into, from());
    expect(report.ok).toBe(true);
    expect(fileOf(report, 'b.txt').state).toBe('failed');
  });

  test('a wrong Content-Range is not believed', async () => {
    server.misbehave(key, breakAfter(2_000_000), 1);
    let ranged = 0;
    const reader = httpMirror(server.url);
    server.misbehave(key, (response, bytes, request) => {
      if (request.headers.range === undefined) return breakAfter(2_000_000)(response, bytes, request);
      ranged += 1;
      const part = bytes.subarray(0, size - 2_000_000);
      response.writeHead(206, { 'content-range': `bytes 0-${part.length - 1}/${size}`, 'content-length': part.length });
      response.end(part);
    });
    const report = await pull('weights', into, { reader });
    expect(fileOf(report, 'a.bin')).toMatchObject({
      state: 'failed',
      reason: expect.stringContaining('another range'),
    });
    expect(ranged).toBe(1);
  });
});

describe('an interrupted pull', () => {
  /** Stops one pull after about two megabytes. */
  async function interrupt(): Promise<void> {
    const controller = new AbortController();
    server.misbehave(
      key,
      (response, bytes) => {
        response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length });
        response.write(bytes.subarray(0, 2_000_000));
      },
      1,
    );
    const stopped = pull('weights', into, {
      ...from(),
      signal: controller.signal,
      emit: (event) => {
        if (event.type === 'progress' && event.id === 'a.bin' && event.done >= 2_000_000) controller.abort();
      },
    });
    await expect(stopped).rejects.toMatchObject({ name: 'AbortError' });
    await expect(stat(join(into, 'a.bin'))).rejects.toThrow('ENOENT');
  }

  test('is continued by range, bound to what was begun', async () => {
    await interrupt();
    const sentBefore = server.sent(key);
    expect((await pull('weights', into, from())).ok).toBe(true);
    await expectWeights();
    expect(server.log.at(-1)).toBe(`GET /${key} bytes=2000000-4999999`);
    expect(server.sent(key) - sentBefore).toBe(3_000_000);
    expect(await readdir(join(into, '.weighbridge/partial'))).toEqual([]);
  });

  test('starts over when what it left was damaged', async () => {
    await interrupt();
    const [partial = ''] = (await readdir(join(into, '.weighbridge/partial'))).filter((name) => !name.includes('.'));
    const path = join(into, '.weighbridge/partial', partial);
    const bytes = await readFile(path);
    bytes[100] = (bytes[100] ?? 0) ^ 1;
    await writeFile(path, bytes);
    expect((await pull('weights', into, from())).ok).toBe(true);
    await expectWeights();
  });

  test('starts over when the mirror has another object now', async () => {
    await interrupt();
    server.misbehave(key, (response, bytes, request) => {
      expect(request.headers['if-range']).toBe('"v1"');
      response.writeHead(200, { etag: '"v2"', 'content-length': bytes.length });
      response.end(bytes);
    });
    expect((await pull('weights', into, from())).ok).toBe(true);
    await expectWeights();
  });

  test('goes on after the process was killed', async () => {
    server.misbehave(
      key,
      (response, bytes) => {
        response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length });
        response.write(bytes.subarray(0, 3_000_000));
      },
      1,
    );
    const child = startPull();
    const partial = join(into, '.weighbridge/partial');
    for (let looks = 0; looks < 1000; looks += 1) {
      const names = (await readdir(partial).catch(() => [])).filter((name) => !name.includes('.'));
      const sizes = await Promise.all(names.map(async (name) => (await stat(join(partial, name))).size));
      if (sizes.some((found) => found >= 2 * 1024 * 1024)) break;
      await systemClock.sleep(0.02);
    }
    child.kill('SIGKILL');
    await once(child, 'exit');
    const before = server.sent(key);
    expect((await pull('weights', into, from())).ok).toBe(true);
    await expectWeights();
    // At most the block that was filling and the one being written are lost.
    expect(server.sent(key) - before).toBeLessThanOrEqual(5_000_000 - 2 * 1024 * 1024);
  });
});

function startPull() {
  const script = new URL('../../fixtures/pull-process.ts', import.meta.url).pathname;
  return spawn(process.execPath, ['--disable-warning=ExperimentalWarning', script, server.url, into, 'weights'], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

test.each([2, 6])('%i processes that pull the same thing at once make one transfer of each file', async (count) => {
  const slowly: Misbehaviour = (response, bytes, request) => {
    setTimeout(() => answer(response, bytes, request), 300);
  };
  server.misbehave(key, slowly);
  server.misbehave('weights/1.0.0/b.txt', slowly);
  const reports = await Promise.all(
    Array.from({ length: count }, async () => {
      const child = startPull();
      let text = '';
      for await (const chunk of child.stdout) text += chunk;
      return JSON.parse(text) as PullReport;
    }),
  );
  expect(reports.every(({ ok }) => ok)).toBe(true);
  await expectWeights();
  expect(server.log.filter((line) => line === `GET /${key}`)).toHaveLength(1);
  expect(server.log.filter((line) => line === 'GET /weights/1.0.0/b.txt')).toHaveLength(1);
});

test('an unreachable mirror is no obstacle when everything is there and proven', async () => {
  await pull('weights', into, from());
  await server.stop();
  const report = await pull('weights', into, from());
  expect(report).toMatchObject({ ok: true, from: null });
  expect(report.warnings[0]).toContain('did not answer');
  await writeFile(join(into, 'a.bin'), 'spoilt');
  const events: CoreEvent[] = [];
  const again = pull('weights', into, { ...from(), emit: (event) => events.push(event) });
  await expect(again).rejects.toMatchObject({ retryable: true });
  // It never got as far as pulling anything.
  expect(events).toEqual([]);
});
