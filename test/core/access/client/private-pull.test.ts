import { readdir, readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import type { UrlsAnswer } from '../../../../lib/core/access/wire.ts';
import type { Clock } from '../../../../lib/core/clock.ts';
import { NotAuthorised, NotFound } from '../../../../lib/core/errors.ts';
import type { CoreEvent } from '../../../../lib/core/events.ts';
import type { PullReport } from '../../../../lib/core/pull/pull-report.ts';
import { type FixtureMirror, layOutMirror, sampleBytes, temporaryFolder } from '../../../fixtures/mirror.ts';
import { grantAll, type PrivateApi, policyOf, privateApi } from '../../../fixtures/private-api.ts';
import { hurried, pull } from '../../../fixtures/pulling.ts';
import { type SignedStore, signedStore } from '../../../fixtures/signed-store.ts';
import { answerWith, breakAfter } from '../../../fixtures/unruly-server.ts';
import { readerFor } from './private-pulling.ts';

const size = 5_000_000;
const weights = sampleBytes(size, 'weights');
const key = 'weights/1.0.0/sub/a b.bin';

let mirror: FixtureMirror;
let store: SignedStore;
let api: PrivateApi;
let into: string;

beforeEach(async () => {
  mirror = await layOutMirror(
    [
      { collection: 'weights', version: '1.0.0', files: { 'sub/a b.bin': weights, 'config.json': '{}' } },
      { collection: 'secret', version: '1.0.0', files: { 'x.bin': 'x' } },
    ],
    { access: 'private' },
  );
  store = await signedStore(mirror.root);
  api = await privateApi([store]);
  into = await temporaryFolder();
});

const from = () => ({ reader: readerFor(api, [store]) });

async function expectWeights(): Promise<void> {
  expect((await readFile(join(into, 'sub/a b.bin'))).equals(weights)).toBe(true);
}

/** Neither signatures nor the token. */
function expectNoSecrets(...said: readonly unknown[]): void {
  const text = JSON.stringify(said);
  for (const secret of [...store.signatures, api.token]) expect(text).not.toContain(secret);
}

function partialOf(): Promise<string[]> {
  return readdir(join(into, '.weighbridge/partial'));
}

function withUrls(answer: UrlsAnswer, url: string): UrlsAnswer {
  return { ...answer, urls: answer.urls.map((one) => ({ ...one, url })) };
}

describe('a private release', () => {
  test('is pulled by one call for its URLs, and the store sees no credential', async () => {
    const report = await pull('weights', into, from());
    expect(report).toMatchObject({ ok: true, version: '1.0.0', from: api.url });
    await expectWeights();
    expect(api.log).toEqual(['GET /v1/registry 200', 'GET /v1/weights/1.0.0/release.json 200', 'POST /v1/urls 200']);
    // A request with a credential would have been answered with 400, and asked again.
    expect(store.log.map((line) => line.slice(-3))).toEqual(['200', '200']);
    expectNoSecrets(report);
  });

  test('that is not granted looks like one that does not exist', async () => {
    for (const name of ['secret', 'nothing', 'weights@3.0.0']) {
      const error = await pull(name, into, from()).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(NotFound);
      expect((error as NotFound).message).toContain('not there, or not yours');
      expect((error as NotFound).hint).toContain('the token of WEIGHBRIDGE_TOKEN');
    }
  });

  test('of which some files are granted gives those, and says so of the others', async () => {
    api.policy = policyOf([api.token], grantAll({ files: ['config.json'] }));
    const report = await pull('weights', into, from());
    expect(report.files.map(({ file, state, reason }) => [file, state, reason])).toEqual([
      ['config.json', 'fetched', undefined],
      ['sub/a b.bin', 'failed', expect.stringContaining('not there, or not yours')],
    ]);
    expect(await pull('weights', into, { ...from(), names: ['config.json'] })).toMatchObject({ ok: true });
  });

  test('is shown to nobody whose token is not known', async () => {
    api.policy = policyOf([], grantAll());
    const error = await pull('weights', into, from()).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(NotAuthorised);
    expect((error as NotAuthorised).message).toBe(`${api.url} refuses the token of WEIGHBRIDGE_TOKEN (HTTP 401)`);
    expectNoSecrets((error as NotAuthorised).message, (error as NotAuthorised).hint);
  });
});

describe('a URL that ends on the way', () => {
  test('is renewed, and the download goes on where it was', async () => {
    store.misbehave(
      key,
      (response, bytes, request) => {
        store.endUrls();
        breakAfter(2_000_000)(response, bytes, request);
      },
      1,
    );
    const events: CoreEvent[] = [];
    const emit = (event: CoreEvent) => void events.push(event);
    const report = await pull('weights', into, { ...from(), names: ['sub/a b.bin'], emit });
    expect(report.ok).toBe(true);
    await expectWeights();
    expect(store.log.filter((line) => line.endsWith('403'))).toHaveLength(1);
    expect(store.log.at(-1)).toMatch(/ bytes=[1-9]\d*-4999999 206$/);
    expect(api.calls('/v1/urls')).toBe(2);
    expect(events.filter(({ type }) => type === 'retry')).toHaveLength(1);
    expectNoSecrets(report, events);
  });

  test.each([
    ['behind', -5 * 3600_000],
    ['ahead', 5 * 3600_000],
  ])('is known by the clock of the API, where that of this machine is far %s', async (_, skew) => {
    const clock: Clock = { ...hurried, now: () => new Date(Date.now() + skew) };
    const report = await pull('weights', into, { reader: readerFor(api, [store], { clock }), clock });
    expect(report.ok).toBe(true);
    // Neither asked for again and again, nor used when it has ended.
    expect(api.calls('/v1/urls')).toBe(1);
    expect(store.log.every((line) => line.endsWith('200'))).toBe(true);
  });

  test('before it is used is not used, also by a clock that is far behind', async () => {
    let now = Date.now() - 5 * 3600_000;
    const clock: Clock = { ...hurried, now: () => new Date(now) };
    const reader = readerFor(api, [store], { clock });
    reader.expect([key, 'weights/1.0.0/config.json']);
    await (await reader.open(key)).discard();
    now += 3_580_000; // Of 900 seconds that were asked for nothing is left.
    await (await reader.open('weights/1.0.0/config.json')).discard();
    expect(api.calls('/v1/urls')).toBe(2);
  });

  test('and that the store refuses although it is fresh is a fault of the API, told without the URL', async () => {
    store.misbehave(key, (response) => void response.writeHead(403).end());
    const report = await pull('weights', into, from());
    const reason = report.files.find(({ state }) => state === 'failed')?.reason;
    expect(reason).toBe(
      `${key}: s3 at ${new URL(store.origin).host} refuses the URL that ${api.url} signed (HTTP 403)`,
    );
    expectNoSecrets(report);
  });
});

describe('an API with troubles', () => {
  test.each([
    ['is over its limit', 429],
    ['is not well', 503],
  ])('that %s is asked again when it says', async (_, status) => {
    const waits: number[] = [];
    const clock: Clock = { ...hurried, sleep: async (seconds) => void waits.push(seconds) };
    let left = 2;
    api.intercept = (request) => {
      if (!request.url.endsWith('/urls') || left === 0) return undefined;
      left -= 1;
      return new Response('{}', { status, headers: { 'retry-after': '7' } });
    };
    const report = await pull('weights', into, { reader: readerFor(api, [store], { clock }), clock, concurrency: 1 });
    expect(report.ok).toBe(true);
    expect(waits).toHaveLength(2);
    for (const wait of waits) expect(wait).toBeGreaterThanOrEqual(7);
  });

  test('that is gone while files come stops only what needs a new URL, and a later pull goes on', async () => {
    store.misbehave(
      key,
      (response, bytes, request) => {
        store.endUrls();
        api.intercept = () => new Response('{}', { status: 500 });
        breakAfter(3_000_000)(response, bytes, request);
      },
      1,
    );
    const report = await pull('weights', into, { ...from(), names: ['sub/a b.bin'] });
    expect(report.files[0]).toMatchObject({ state: 'failed', reason: `${api.url} answered HTTP 500` });
    const kept = await stat(join(into, '.weighbridge/partial', report.files[0]?.sha256 ?? ''));
    expect(kept.size).toBeGreaterThan(1_000_000);
    api.intercept = undefined;
    const later = await pull('weights', into, from());
    expect(later.ok).toBe(true);
    await expectWeights();
    expect(later.bytesFetched).toBeLessThanOrEqual(size - kept.size + 2);
    expectNoSecrets(report, later);
  });

  test('a grant that ends on the way is told as that, and what came is kept', async () => {
    store.misbehave(
      key,
      (response, bytes, request) => {
        store.endUrls();
        api.policy = policyOf([api.token]);
        breakAfter(3_000_000)(response, bytes, request);
      },
      1,
    );
    const report = await pull('weights', into, { ...from(), names: ['sub/a b.bin'] });
    expect(report.files[0]).toMatchObject({
      state: 'failed',
      code: 'NotAuthorised',
      reason: `${api.url} gives weights@1.0.0 to the token of WEIGHBRIDGE_TOKEN no longer`,
    });
    expect(await partialOf()).toContain(report.files[0]?.sha256);
    api.policy = policyOf([api.token], grantAll());
    const later = await pull('weights', into, from());
    expect(later.ok).toBe(true);
    expect(later.bytesFetched).toBeLessThan(size - 1_000_000);
  });

  test.each([301, 302, 307, 308])(
    'that redirects (%i) is not followed, and nobody else gets the token',
    async (status) => {
      const other = await privateApi([store]);
      const elsewhere = other.url.replace('127.0.0.1', 'localhost');
      api.intercept = () => new Response('', { status, headers: { location: `${elsewhere}/registry` } });
      const error = await pull('weights', into, from()).catch((thrown: unknown) => thrown);
      expect((error as Error).message).toContain('a credential follows no redirect');
      expect(other.credentials).toEqual([]);
    },
  );

  test.each<[string, (answer: UrlsAnswer) => UrlsAnswer, RegExp]>([
    ['no URL', (answer) => withUrls(answer, 'nothing'), /no URL for/],
    ['a file too few', (answer) => ({ ...answer, urls: answer.urls.slice(1) }), /without the URL of config\.json/],
    ['another release', (answer) => ({ ...answer, version: '2.0.0' }), /another release/],
    ['another protocol', (answer) => withUrls(answer, 'file:///etc/passwd'), /no URL for/],
    ['a plain address of nobody’s', (answer) => withUrls(answer, 'http://10.0.0.1/'), /plain http/],
  ])('that answers with %s is not believed', async (_, edit, message) => {
    const plain = await privateApi([store]);
    plain.policy = policyOf([api.token], grantAll());
    api.intercept = async (request) => {
      if (!request.url.endsWith('/urls')) return undefined;
      const { authorization = '' } = Object.fromEntries(request.headers);
      const headers = { authorization, 'content-type': 'application/json' };
      const body = await request.text();
      const answer = await (await fetch(`${plain.url}/urls`, { method: 'POST', headers, body })).json();
      return Response.json(edit(answer as UrlsAnswer));
    };
    const report: PullReport = await pull('weights', into, from());
    expect(report.ok).toBe(false);
    expect(report.files[0]?.reason).toMatch(message);
  });
});

describe('the other cloud', () => {
  let other: SignedStore;

  beforeEach(async () => {
    other = await signedStore(mirror.root, 'gcs', '"generation-7"');
    api = await privateApi([store, other]);
  });

  const both = () => ({ reader: readerFor(api, [store, other]) });

  test.each<[string, () => Promise<void> | void]>([
    ['cannot be reached', () => store.stop()],
    ['is not well', () => store.misbehave(key, (response) => void response.writeHead(503).end())],
    ['has lost the file', () => store.misbehave(key, (response) => void response.writeHead(404).end())],
    ['refuses what was signed', () => store.misbehave(key, (response) => void response.writeHead(403).end())],
  ])('stands in where the first store %s', async (_, trouble) => {
    await trouble();
    const report = await pull('weights', into, both());
    expect(report.ok).toBe(true);
    await expectWeights();
    expect(other.log.some((line) => line.startsWith(`GET ${key}`))).toBe(true);
  });

  test('goes on in the middle of a file, by range alone, since its tag is another', async () => {
    store.misbehave(key, breakAfter(2_000_000), 1);
    const first = pull('weights', into, {
      ...both(),
      names: ['sub/a b.bin'],
      emit: (event) => {
        if (event.type === 'retry') store.misbehave(key, (response) => void response.writeHead(500).end());
      },
    });
    const report = await first;
    expect(report.ok).toBe(true);
    await expectWeights();
    expect(other.log).toHaveLength(1);
    expect(other.log[0]).toMatch(/ bytes=[1-9]\d*-4999999 206$/);
    expect(report.bytesFetched).toBe(size);
  });

  test('with other bytes is found out, and the file is fetched once more from its start', async () => {
    const changed = Buffer.from(weights);
    changed[size - 1] = (changed[size - 1] ?? 0) ^ 1;
    other.misbehave(
      key,
      (response, _, request) => {
        const start = Number(/^bytes=(\d+)-/.exec(request.headers.range ?? '')?.[1] ?? 0);
        response.writeHead(206, {
          'content-range': `bytes ${start}-${size - 1}/${size}`,
          'content-length': size - start,
        });
        response.end(changed.subarray(start));
      },
      1,
    );
    store.misbehave(key, breakAfter(2_000_000), 1);
    const report = await pull('weights', into, {
      ...both(),
      names: ['sub/a b.bin'],
      emit: (event) => {
        if (event.type === 'retry') store.misbehave(key, (response) => void response.writeHead(500).end());
      },
    });
    expect(report.ok).toBe(true);
    await expectWeights();
  });

  test('that is none leaves the first one’s fault as the reason', async () => {
    api = await privateApi([store]);
    store.misbehave(key, (response) => void response.writeHead(503).end());
    const report = await pull('weights', into, { ...from(), names: ['sub/a b.bin'] });
    expect(report.files[0]?.reason).toBe(`${key}: s3 at ${new URL(store.origin).host} does not send it (HTTP 503)`);
  });
});

test('wrong bytes from a URL are never put in place', async () => {
  const wrong = Buffer.from(weights);
  wrong[7] = (wrong[7] ?? 0) ^ 1;
  store.misbehave(key, answerWith(wrong));
  const report = await pull('weights', into, from());
  expect(report.files.find(({ file }) => file === 'sub/a b.bin')).toMatchObject({
    state: 'failed',
    code: 'DigestMismatch',
  });
  expect(await readdir(into)).not.toContain('sub/a b.bin');
  await expect(readFile(join(into, 'sub/a b.bin'))).rejects.toThrow('ENOENT');
});
