import { createHash } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RangesUnsupported } from '../../../lib/core/sources/source.ts';
import { generateBytes } from '../../upstream/generate-bytes.ts';
import { expectationOf, failure, readAll, SourceFixture } from './source-fixture.ts';

const size = 1_500_000;
const bytes = generateBytes('weights', size);
const path = '/models/vae.ckpt';
let fixture: SourceFixture;

beforeEach(async () => {
  fixture = await SourceFixture.start();
  fixture.upstream.put(path, bytes, { etag: '"v1"' });
});

afterEach(async () => {
  await fixture.close();
});

const resolve = async (expected = {}) => await fixture.https(path, expected).resolve(fixture.signal);

describe('a URL', () => {
  it('is described by one HEAD and read by ranges bound to its ETag', async () => {
    const source = await resolve(expectationOf(bytes));
    expect(source).toMatchObject({ ranges: true, cheapToReread: false });
    expect(source.description).toMatchObject({ size, version: '"v1"', sha256: undefined });
    const parts = await Promise.all(
      [0, 1, 2].map((at) => readAll(source, { start: at * 500_000, end: (at + 1) * 500_000 })),
    );
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(fixture.upstream.requestsTo(path, 'HEAD')).toHaveLength(1);
    expect(fixture.upstream.requestsTo(path, 'GET').map(({ headers }) => headers['if-match'])).toEqual([
      '"v1"',
      '"v1"',
      '"v1"',
    ]);
  });

  it('is read whole, and an empty range costs no request', async () => {
    const source = await resolve();
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect(await readAll(source, { start: 7, end: 7 })).toHaveLength(0);
    expect(fixture.upstream.requestsTo(path, 'GET')).toHaveLength(1);
  });

  it('behind a redirect is asked for once; ranges use the signed URL, and records do not', async () => {
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/x?X-Amz-Signature=s3cret') });
    fixture.cdn.put('/x', bytes);
    const source = await fixture.https('/go').resolve(fixture.signal);
    await Promise.all([readAll(source, { start: 0, end: 1000 }), readAll(source, { start: 5000, end: 6000 })]);
    expect(fixture.upstream.requestsTo('/go')).toHaveLength(1);
    expect(JSON.stringify(source.description)).not.toContain('s3cret');
    expect(source.description.source).toBe(fixture.upstream.url('/go'));
  });

  it('whose signed redirect expires is resolved again, once for all ranges', async () => {
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/old') }, { times: 1 });
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/new') }, { from: 2 });
    fixture.cdn.put('/old', bytes);
    fixture.cdn.put('/new', bytes);
    const source = await fixture.https('/go').resolve(fixture.signal);
    fixture.cdn.fault('/old', { kind: 'status', status: 403 });
    const parts = await Promise.all(
      [0, 1, 2].map((at) => readAll(source, { start: at * 500_000, end: (at + 1) * 500_000 })),
    );
    expect(Buffer.concat(parts).equals(bytes)).toBe(true);
    expect(fixture.upstream.requestsTo('/go')).toHaveLength(2);
  });

  it('whose redirect leads to another version now has changed', async () => {
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/old') }, { times: 1 });
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/new') }, { from: 2 });
    fixture.cdn.put('/old', bytes);
    fixture.cdn.put('/new', bytes.subarray(1));
    const source = await fixture.https('/go').resolve(fixture.signal);
    fixture.cdn.fault('/old', { kind: 'status', status: 403 });
    expect(await failure(readAll(source, { start: 0, end: 10 }))).toMatchObject({ outcome: 'changed' });
  });

  it('whose signed URL is refused for good ends, after a bounded number of requests', async () => {
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/x?sig=s3cret') });
    fixture.cdn.put('/x', bytes);
    const source = await fixture.https('/go').resolve(fixture.signal);
    fixture.cdn.fault('/x', { kind: 'status', status: 403 }, { method: 'GET' });
    const error = await failure(readAll(source, { start: 0, end: 10 }));
    expect(error).toMatchObject({ outcome: 'unauthorised' });
    expect(error.message).not.toContain('s3cret');
    expect(fixture.upstream.requests.length).toBeLessThan(10);
  });

  it('whose signed URL works again later is read then', async () => {
    fixture.upstream.fault('/go', { kind: 'redirect', to: fixture.cdn.url('/x?sig=s3cret') });
    fixture.cdn.put('/x', bytes);
    const source = await fixture.https('/go').resolve(fixture.signal);
    fixture.cdn.fault('/x', { kind: 'status', status: 403 }, { method: 'GET', times: 6 });
    expect(await failure(readAll(source, { start: 0, end: 10 }))).toMatchObject({
      outcome: 'unauthorised',
      retryable: true,
    });
    expect(await readAll(source, { start: 0, end: 10 })).toHaveLength(10);
  });

  it('at the Hub or GitHub is read without a token that may not be used for the public', async () => {
    const hf = { origins: [fixture.upstream.origin], headers: { authorization: 'Bearer hf_secret' } };
    const http = fixture.client({ credentials: [hf] });
    const url = new URL(fixture.upstream.url(path));
    const open = (names: ('HF_TOKEN' | 'GITHUB_TOKEN')[]) =>
      fixture.open(
        { scheme: 'https', uri: url.href, url },
        {},
        { http, withheldTokens: new Set(names), gitHubApi: new URL('https://api.github.com') },
      );
    await readAll(await open(['HF_TOKEN']).resolve(fixture.signal), { start: 0, end: 10 });
    expect(fixture.upstream.requests.map(({ headers }) => headers.authorization)).toEqual([undefined, undefined]);
    fixture.upstream.forgetRequests();
    await readAll(await open(['GITHUB_TOKEN']).resolve(fixture.signal), { start: 0, end: 10 });
    expect(fixture.upstream.requests.map(({ headers }) => headers.authorization)).toEqual([
      'Bearer hf_secret',
      'Bearer hf_secret',
    ]);
    fixture.upstream.fault(path, { kind: 'status', status: 403 });
    const error = await failure(open(['HF_TOKEN']).resolve(fixture.signal));
    expect(error).toMatchObject({ outcome: 'gated', hint: expect.stringContaining('HF_TOKEN') });
  });

  it('may have no bytes at all', async () => {
    fixture.upstream.put('/empty', Buffer.alloc(0));
    const source = await fixture.https('/empty', { kind: 'config', file: 'a.txt' }).resolve(fixture.signal);
    expect(source.description.size).toBe(0);
    expect(await readAll(source)).toHaveLength(0);
  });

  it('whose size only a GET tells is asked by one byte', async () => {
    fixture.upstream.put('/empty', Buffer.alloc(0));
    for (const [url, bytesThere] of [
      [path, size],
      ['/empty', 0],
    ] as const) {
      fixture.upstream.fault(url, { kind: 'status', status: 405 }, { method: 'HEAD' });
      const source = await fixture.https(url, { kind: 'config', file: 'a.txt' }).resolve(fixture.signal);
      expect(source.description.size).toBe(bytesThere);
      expect(fixture.upstream.requestsTo(url, 'GET')[0]?.headers.range).toBe('bytes=0-0');
    }
  });
});

describe('HEAD', () => {
  it.each([
    ['is refused with 405', { kind: 'status', status: 405 }],
    ['is refused with 403, as a URL signed for GET does', { kind: 'status', status: 403 }],
    ['is refused with 400', { kind: 'status', status: 400 }],
    ['is not implemented', { kind: 'status', status: 501 }],
    ['gets no answer', { kind: 'drop' }],
    ['lies about the length', { kind: 'head-lies', size: 17 }],
    ['gives no length', { kind: 'no-length' }],
  ] as const)('that %s is replaced by a GET of one byte', async (_name, fault) => {
    fixture.upstream.fault(path, fault, { method: 'HEAD' });
    const source = await resolve(expectationOf(bytes));
    expect(source.description).toMatchObject({ size, version: '"v1"' });
    expect(fixture.upstream.requestsTo(path, 'GET').map(({ headers }) => headers.range)).toEqual(['bytes=0-0']);
    expect((await readAll(source, { start: 10, end: 20 })).equals(bytes.subarray(10, 20))).toBe(true);
  });

  it('refused, and ranges unknown too, leaves a source that is read whole', async () => {
    fixture.upstream.fault(path, { kind: 'status', status: 405 }, { method: 'HEAD' });
    fixture.upstream.fault(path, { kind: 'ignore-range' });
    const source = await resolve(expectationOf(bytes));
    expect(source).toMatchObject({ ranges: false, description: { size } });
    expect((await readAll(source)).equals(bytes)).toBe(true);
  });
});

describe('preflight refuses', () => {
  it.each([
    [401, 'unauthorised', false],
    [403, 'unauthorised', false],
    [404, 'missing', false],
    [410, 'missing', false],
    [429, 'rate-limited', true],
    [500, 'broken', true],
    [503, 'broken', true],
  ] as const)('status %i as %s', async (status, outcome, retryable) => {
    fixture.upstream.fault(path, { kind: 'status', status });
    expect(await failure(resolve())).toMatchObject({ outcome, retryable, evidence: { status } });
  });

  it.each([
    ['seconds', { 'Retry-After': '7' }, 7],
    ['RateLimit', { RateLimit: '"resolvers";r=0;t=20' }, 21],
  ])('a rate limit with the wait in %s', async (_name, headers, retryAfter) => {
    fixture.upstream.fault(path, { kind: 'status', status: 429, headers });
    expect(await failure(resolve())).toMatchObject({ outcome: 'rate-limited', retryAfter });
  });

  it('a rate limit with the wait as a date', async () => {
    const headers = { 'Retry-After': new Date(Date.now() + 60_000).toUTCString() };
    fixture.upstream.fault(path, { kind: 'status', status: 429, headers });
    const { retryAfter } = await failure(resolve());
    expect(retryAfter).toBeGreaterThan(30);
    expect(retryAfter).toBeLessThanOrEqual(61);
  });

  it('a web page where weights should be', async () => {
    fixture.upstream.fault(path, { kind: 'html' });
    expect(await failure(resolve())).toMatchObject({ outcome: 'wrong-content' });
    expect(await failure(resolve(expectationOf(bytes)))).toMatchObject({ outcome: 'wrong-content' });
    expect(await failure(resolve({ kind: 'config', file: 'config.json' }))).toMatchObject({ outcome: 'wrong-content' });
  });

  it('a Git LFS pointer, and says what it points to', async () => {
    const oid = createHash('sha256').update(bytes).digest('hex');
    fixture.upstream.fault(path, { kind: 'lfs-pointer', oid, size });
    for (const expected of [{}, expectationOf(bytes), { kind: 'config' }]) {
      expect(await failure(resolve(expected))).toMatchObject({ outcome: 'wrong-content', evidence: { oid, size } });
    }
  });

  it('another size than the manifest has', async () => {
    expect(await failure(resolve({ size: size + 1 }))).toMatchObject({
      outcome: 'wrong-size',
      evidence: { expected: size + 1, actual: size },
    });
  });

  it('what is too small for weights, where the manifest has no size', async () => {
    fixture.upstream.put('/small', bytes.subarray(0, 5000));
    expect(await failure(fixture.https('/small').resolve(fixture.signal))).toMatchObject({ outcome: 'too-small' });
    const asConfig = await fixture.https('/small', { kind: 'config', file: 'config.json' }).resolve(fixture.signal);
    expect(asConfig.description.size).toBe(5000);
    const known = await fixture.https('/small', { size: 5000 }).resolve(fixture.signal);
    expect(known.description.size).toBe(5000);
  });

  it('zero bytes', async () => {
    fixture.upstream.fault(path, { kind: 'empty' });
    expect(await failure(resolve())).toMatchObject({ outcome: 'too-small' });
    expect(await failure(resolve(expectationOf(bytes)))).toMatchObject({ outcome: 'wrong-size' });
  });

  it('plain http and private addresses that nobody trusts', async () => {
    const http = fixture.client({ trustedOrigins: [] });
    for (const text of [
      fixture.upstream.url(path),
      'https://127.0.0.1:1/x',
      'https://192.168.1.1/x',
      'http://example.org/x',
    ]) {
      const url = new URL(text);
      const source = fixture.open({ scheme: 'https', uri: text, url }, {}, { http });
      expect(await failure(source.resolve(fixture.signal))).toMatchObject({ outcome: 'forbidden', retryable: false });
    }
    expect(fixture.upstream.requests).toHaveLength(0);
  });
});

describe('a read of a range', () => {
  const range = { start: 1000, end: 201_000 };

  it.each([
    ['a reset', { kind: 'reset', at: 1000 }, 'broken', true],
    ['a reset at a random byte', { kind: 'reset', at: 'random' }, 'broken', true],
    ['a short body', { kind: 'short', by: 1 }, 'broken', true],
    ['a stall', { kind: 'stall', at: 1000 }, 'broken', true],
    ['a body that is longer than asked for', { kind: 'long', by: 1 }, 'wrong-size', false],
    ['another Content-Range', { kind: 'wrong-range', shift: 1 }, 'broken', true],
    ['another total', { kind: 'wrong-range', total: size + 1 }, 'changed', false],
    ['a new version, which If-Match catches', { kind: 'etag', etag: '"v2"' }, 'changed', false],
    ['gzip', { kind: 'gzip' }, 'wrong-content', false],
    ['401', { kind: 'status', status: 401 }, 'unauthorised', false],
    ['404', { kind: 'status', status: 404 }, 'missing', false],
    ['416', { kind: 'status', status: 416 }, 'changed', false],
    ['429', { kind: 'status', status: 429 }, 'rate-limited', true],
    ['500', { kind: 'status', status: 500 }, 'broken', true],
  ] as const)('ends on %s', async (_name, fault, outcome, retryable) => {
    const source = await resolve();
    fixture.upstream.fault(path, fault);
    expect(await failure(readAll(source, range))).toMatchObject({ outcome, retryable });
  });

  it('notices a new version where the server looks at no conditions', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'etag', etag: '"v2"' });
    fixture.upstream.fault(path, { kind: 'ignore-conditions' });
    expect(await failure(readAll(source, range))).toMatchObject({ outcome: 'changed' });
  });

  it('is bound by the date where there is no ETag', async () => {
    const dated = (lastModified: string) => fixture.upstream.put(path, bytes, { etag: null, lastModified });
    dated('Sun, 01 Nov 2026 12:00:00 GMT');
    const source = await resolve();
    expect(source.description.version).toBe('Sun, 01 Nov 2026 12:00:00 GMT');
    expect(await readAll(source, range)).toHaveLength(200_000);
    dated('Sun, 01 Nov 2026 12:00:05 GMT');
    expect(await failure(readAll(source, range))).toMatchObject({ outcome: 'changed' });
  });

  it('declared longer than asked for yields no byte too many', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'long', by: 100, declared: true });
    expect((await failure(readAll(source, range))).outcome).toMatch(/wrong-size|broken/);
  });

  it('answered with the whole body is told before the first byte', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'ignore-range' });
    await expect(readAll(source, range)).rejects.toBeInstanceOf(RangesUnsupported);
    await expect(readAll(source, { start: 0, end: 1000 })).rejects.toBeInstanceOf(RangesUnsupported);
    expect((await readAll(source, { start: 0, end: size })).equals(bytes)).toBe(true);
    expect((await readAll(source)).equals(bytes)).toBe(true);
  });

  it('works without Content-Length, whole or in part', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'no-length' });
    expect((await readAll(source)).equals(bytes)).toBe(true);
    expect((await readAll(source, range)).equals(bytes.subarray(1000, 201_000))).toBe(true);
  });

  it('hands on a flipped byte as it is: the digest is what finds it', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'flip', at: 5000 });
    const got = await readAll(source, range);
    expect(got.findIndex((byte, at) => byte !== bytes[at + 1000])).toBe(4000);
  });

  it('ends with the reason of its signal', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'throttle', bytesPerSecond: 1000 });
    const reason = new Error('stop');
    const controller = new AbortController();
    setTimeout(() => controller.abort(reason), 50);
    await expect(readAll(source, range, controller.signal)).rejects.toBe(reason);
  });

  it('finds a web page or a pointer that passed preflight', async () => {
    const source = await resolve();
    fixture.upstream.fault(path, { kind: 'ignore-conditions' });
    fixture.upstream.put(path, Buffer.from('<!DOCTYPE html><html>'.padEnd(size)), { etag: '"v1"' });
    expect(await failure(readAll(source, { start: 0, end: 5000 }))).toMatchObject({ outcome: 'wrong-content' });
    fixture.upstream.put(path, Buffer.from('version https://git-lfs.github.com/spec/v1\n'.padEnd(size)), {
      etag: '"v1"',
    });
    expect(await failure(readAll(source))).toMatchObject({ outcome: 'wrong-content' });
  });
});
