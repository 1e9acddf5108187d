import { beforeEach, expect, test } from 'vitest';
import { parallelRead } from '../../../lib/core/mirror/parallel-read.ts';
import { layOutMirror, sampleBytes } from '../../fixtures/mirror.ts';
import { httpMirror, hurried } from '../../fixtures/pulling.ts';
import {
  answer,
  answerWith,
  type Misbehaviour,
  type UnrulyServer,
  unrulyServer,
} from '../../fixtures/unruly-server.ts';

const size = 45_000_001;
const weights = sampleBytes(size, 'large');
const key = 'weights/1.0.0/a.bin';
let server: UnrulyServer;

beforeEach(async () => {
  const { root } = await layOutMirror([{ collection: 'weights', version: '1.0.0', files: { 'a.bin': weights } }]);
  server = await unrulyServer(root);
});

function read(from = 0, signal = new AbortController().signal, onBytes = (_: number) => {}) {
  return parallelRead(httpMirror(server.url), { key, size, from, clock: hurried, signal, onBytes });
}

async function all(bytes: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of bytes) chunks.push(chunk);
  return Buffer.concat(chunks);
}

test('a large object comes over several connections, each byte once and in order', async () => {
  let arrived = 0;
  const bytes = await all(
    read(0, undefined, (count) => {
      arrived += count;
    }),
  );
  expect(bytes.equals(weights)).toBe(true);
  expect(arrived).toBe(size);
  expect(server.log.filter((line) => line.startsWith('GET'))).toHaveLength(1 + 6);
});

test('what is there already is not fetched', async () => {
  const from = 9_999_999;
  expect((await all(read(from))).equals(weights.subarray(from))).toBe(true);
  expect(server.sent(key)).toBe(size - from + 1);
});

test('pieces that break are fetched again from where they broke', async () => {
  let count = 0;
  const shaky: Misbehaviour = (response, bytes, request) => {
    count += 1;
    const range = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? '');
    const [start, end] = [Number(range?.[1]), Number(range?.[2]) + 1];
    if (end - start < 2 || count % 2 === 0) return answer(response, bytes, request);
    response.writeHead(206, {
      etag: '"v1"',
      'content-length': end - start,
      'content-range': `bytes ${start}-${end - 1}/${size}`,
    });
    response.write(bytes.subarray(start, start + 1_000_000), () => response.socket?.destroy());
  };
  server.misbehave(key, shaky);
  expect((await all(read())).equals(weights)).toBe(true);
});

test('a server without ranges sends everything once', async () => {
  server.misbehave(key, answerWith(weights));
  let arrived = 0;
  const bytes = await all(
    read(0, undefined, (count) => {
      arrived += count;
    }),
  );
  expect(bytes.equals(weights)).toBe(true);
  expect(arrived).toBe(size);
});

test('another length is found before anything is fetched', async () => {
  server.misbehave(key, answerWith(Buffer.concat([weights, Buffer.from('!')])));
  await expect(all(read())).rejects.toMatchObject({ name: 'WrongSize', expected: size, actual: size + 1 });
});

test('an object that is replaced meanwhile still comes without a gap', async () => {
  let gets = 0;
  server.misbehave(key, (response, bytes, request) => {
    gets += 1;
    if (gets <= 3) return answer(response, bytes, request);
    response.writeHead(200, { etag: '"v2"', 'content-length': bytes.length });
    response.end(bytes);
  });
  expect((await all(read())).equals(weights)).toBe(true);
});

test('whoever stops reading stops the fetching', async () => {
  for await (const chunk of read()) {
    expect(chunk.length).toBeGreaterThan(0);
    break;
  }
  expect(server.log.length).toBeLessThanOrEqual(1 + 4 + 1);
  const controller = new AbortController();
  const reading = all(read(0, controller.signal, () => controller.abort()));
  await expect(reading).rejects.toMatchObject({ name: 'AbortError' });
});
