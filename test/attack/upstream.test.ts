import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createHttpClient } from '../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../lib/core/http/http-client.ts';
import { openSource } from '../../lib/core/sources/open-source.ts';
import type { SourceOutcome } from '../../lib/core/sources/source.ts';
import { SourceCache } from '../../lib/core/sources/source-cache.ts';
import { DirectoryStore } from '../../lib/core/stores/directory-store.ts';
import { artifact, manifest, type StageFixture, stageFixture } from '../support/stage-fixture.ts';
import type { Fault, FaultWindow } from '../upstream/fault.ts';
import { generateBytes } from '../upstream/generate-bytes.ts';
import { closedOrigin, startUpstream, type Upstream } from '../upstream/upstream.ts';

/** One small enough for a single put, one of several parts. */
const sizes = { small: 200_000, large: 20 * 1024 * 1024 + 4321 };
const token = 'hf_secretsecretsecret';

let upstream: Upstream;
let other: Upstream;
let folder: string;
let http: HttpClient;
let fixture: StageFixture;
let store: DirectoryStore;

beforeEach(async () => {
  upstream = await startUpstream();
  other = await startUpstream();
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-attack-'));
  store = new DirectoryStore({ url: 'file:mirror', root: folder });
  http = createHttpClient({
    userAgent: 'weighbridge/test',
    // `other` is not trusted: it stands for the private host that a redirect points to.
    trustedOrigins: [upstream.origin],
    credentials: [{ origins: [upstream.origin], headers: { authorization: `Bearer ${token}` } }],
    timeouts: { headers: 1, body: 1 },
  });
  const ports = { http, manifestDirectory: folder, cache: new SourceCache() };
  fixture = stageFixture({ openSources: (spec) => spec.sources.map((ref) => openSource(ref, ports, spec)) });
});
afterEach(async () => {
  await fixture.close();
  await http.close();
  await upstream.close();
  await other.close();
  await rm(folder, { recursive: true, force: true });
});

interface Case {
  readonly fault: Fault | (() => Fault | Promise<Fault>);
  readonly window?: FaultWindow;
  /** Tries of each request, where every one of them waits a second for nothing. */
  readonly tries?: number;
  /** How the attempt at the faulty source ends. `ok`: it recovers, and the second source is never asked. */
  readonly outcome: SourceOutcome | readonly SourceOutcome[];
}

const html: Fault = { kind: 'html' };
const gone = { headers: {} };

/** What every upstream may do to a transfer. */
const cases: Readonly<Record<string, Case>> = {
  'closes every connection': { fault: { kind: 'drop' }, outcome: 'broken' },
  'resets a body once': { fault: { kind: 'reset', at: 1000 }, window: { method: 'GET', times: 1 }, outcome: 'ok' },
  'resets every body at a random byte': {
    fault: { kind: 'reset', at: 'random' },
    window: { method: 'GET' },
    // A few retries each go on where the last one ended, and may well get through.
    outcome: ['broken', 'ok'],
  },
  'ends every body early': { fault: { kind: 'short', by: 100 }, window: { method: 'GET' }, outcome: ['broken', 'ok'] },
  'sends more than it was asked for': { fault: { kind: 'long', by: 10 }, outcome: ['broken', 'wrong-size'] },
  'declares more than the manifest says': {
    fault: { kind: 'long', by: 10, declared: true },
    outcome: ['broken', 'wrong-size'],
  },
  'flips one byte': { fault: { kind: 'flip', at: 150_000 }, outcome: 'wrong-digest' },
  'answers with a web page': { fault: html, outcome: ['wrong-content', 'wrong-size'] },
  'answers with a web page that calls itself bytes': {
    fault: { kind: 'html', honest: false },
    outcome: ['wrong-content', 'wrong-size'],
  },
  'answers with a Git LFS pointer': {
    fault: { kind: 'lfs-pointer', oid: 'ab'.repeat(32), size: 1234 },
    outcome: ['wrong-content', 'wrong-size'],
  },
  'is empty': { fault: { kind: 'empty' }, outcome: ['wrong-size', 'broken'] },
  'answers 401': { fault: { kind: 'status', status: 401, ...gone }, outcome: 'unauthorised' },
  'answers 403': { fault: { kind: 'status', status: 403, ...gone }, outcome: 'unauthorised' },
  'answers 403 GatedRepo': {
    fault: { kind: 'status', status: 403, headers: { 'x-error-code': 'GatedRepo' } },
    outcome: 'gated',
  },
  'answers 404': { fault: { kind: 'status', status: 404 }, outcome: 'missing' },
  'answers 410': { fault: { kind: 'status', status: 410 }, outcome: 'missing' },
  'answers 416 to what it has': {
    fault: { kind: 'status', status: 416 },
    window: { method: 'GET' },
    outcome: ['broken', 'changed'],
  },
  'answers 429 with Retry-After in seconds, twice': {
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
    window: { times: 2 },
    outcome: 'ok',
  },
  'answers 429 with Retry-After as a date': {
    fault: () => ({
      kind: 'status',
      status: 429,
      headers: { 'retry-after': new Date(Date.now() + 1000).toUTCString() },
    }),
    window: { times: 1 },
    outcome: 'ok',
  },
  'answers 429 with RateLimit': {
    fault: { kind: 'status', status: 429, headers: { ratelimit: '"resolvers";r=0;t=1' } },
    window: { times: 1 },
    outcome: 'ok',
  },
  'answers 429 for ever': {
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '1' } },
    outcome: 'rate-limited',
  },
  'answers 429 with a wait beyond the budget': {
    fault: { kind: 'status', status: 429, headers: { 'retry-after': '86400' } },
    outcome: 'rate-limited',
  },
  'answers 500 twice': { fault: { kind: 'status', status: 500 }, window: { times: 2 }, outcome: 'ok' },
  'answers 503 in the middle': {
    fault: { kind: 'status', status: 503 },
    window: { method: 'GET', times: 2 },
    outcome: 'ok',
  },
  'answers 500 for ever': { fault: { kind: 'status', status: 500 }, outcome: 'broken' },
  'has no ranges': { fault: { kind: 'ignore-range' }, outcome: 'ok' },
  'answers with another range': {
    fault: { kind: 'wrong-range', shift: 512 },
    window: { method: 'GET' },
    outcome: ['broken', 'changed', 'ok'],
  },
  'answers with another total': {
    fault: { kind: 'wrong-range', total: 999 },
    window: { method: 'GET' },
    outcome: ['broken', 'changed', 'wrong-size', 'ok'],
  },
  'compresses despite identity': { fault: { kind: 'gzip' }, outcome: 'wrong-content' },
  'does not say how long it is': { fault: { kind: 'no-length' }, outcome: 'ok' },
  'refuses HEAD': { fault: { kind: 'status', status: 405 }, window: { method: 'HEAD' }, outcome: 'ok' },
  'lies to HEAD': { fault: { kind: 'head-lies', size: 866 }, window: { method: 'HEAD' }, outcome: 'ok' },
  'redirects in a circle': {
    fault: () => ({ kind: 'redirect', to: upstream.url('/bad/w.bin') }),
    outcome: ['broken', 'forbidden'],
  },
  'redirects to a private address': {
    fault: () => ({ kind: 'redirect', to: other.url('/w.bin') }),
    outcome: 'forbidden',
  },
  'redirects to the metadata address': {
    fault: { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data/' },
    outcome: 'forbidden',
  },
  'redirects to a private address over https': {
    fault: { kind: 'redirect', to: 'https://127.0.0.1:1/w.bin' },
    outcome: 'forbidden',
  },
  'redirects to a file': { fault: { kind: 'redirect', to: 'file:///etc/passwd' }, outcome: 'forbidden' },
  'redirects to where nobody listens': {
    fault: async () => ({ kind: 'redirect', to: `${(await closedOrigin()).replace('http:', 'https:')}/w.bin` }),
    outcome: ['forbidden', 'broken'],
  },
  'falls silent in the middle': {
    fault: { kind: 'stall', at: 1000 },
    window: { method: 'GET' },
    tries: 2,
    outcome: ['broken', 'ok'],
  },
  'falls silent once': { fault: { kind: 'stall', at: 1000 }, window: { method: 'GET', times: 1 }, outcome: 'ok' },
  'does not answer': { fault: { kind: 'slow-start', seconds: 30 }, tries: 2, outcome: 'broken' },
};

/** How large a file is that nothing is read of does not matter. */
function isBeforeItsBytes({ fault, window }: Case): boolean {
  if (window?.method === 'GET') return false;
  return typeof fault === 'function' || ['drop', 'status', 'redirect', 'slow-start'].includes(fault.kind);
}

describe.each(Object.entries(sizes))('an upstream of a %s file that', (size, length) => {
  const those = Object.entries(cases).filter(([, one]) => size === 'small' || !isBeforeItsBytes(one));

  it.each(those)('%s', async (_, { fault, window, outcome, tries = 4 }) => {
    Object.assign(fixture.ports, { retry: { ...fixture.ports.retry, attempts: tries } });
    const bytes = generateBytes(size, length);
    upstream.put('/bad/w.bin', bytes);
    upstream.put('/good/w.bin', bytes);
    other.put('/w.bin', bytes);
    upstream.fault('/bad/w.bin', typeof fault === 'function' ? await fault() : fault, window ?? {});

    const { report } = await fixture.stage(
      manifest([artifact('w', bytes, { sources: sources('/bad/w.bin', '/good/w.bin') })]),
      store,
    );

    const [first, second] = report.artifacts[0]?.attempts ?? [];
    expect(first?.source).toContain('/bad/w.bin');
    expect([outcome].flat(), first?.reason).toContain(first?.outcome);
    if (first?.outcome === 'ok') expect(second).toBeUndefined();
    else expect(second).toMatchObject({ source: expect.stringContaining('/good/w.bin'), outcome: 'ok', reason: '' });
    expect(report).toMatchObject({ ok: true, state: 'published' });
    expect((await readFile(join(folder, 'models/1.0.0/w.bin'))).equals(bytes)).toBe(true);
    expect(await readdir(join(folder, '.weighbridge'))).toEqual(['lock.sqlite']);
    expectNoSecret(report);
    expect(other.requests).toEqual([]);
  });
});

function sources(...paths: readonly string[]) {
  return paths.map((path) => {
    const uri = upstream.url(path);
    return { scheme: 'https' as const, uri, url: new URL(uri) };
  });
}

/** Neither what a run reports nor what it told while running holds the token. */
function expectNoSecret(report: unknown): void {
  expect(JSON.stringify([report, fixture.events])).not.toContain(token);
}

describe('an upstream that', () => {
  it('replaces the file in the middle is noticed, and nothing of the mixture is published', async () => {
    const bytes = generateBytes('old', sizes.large);
    upstream.put('/w.bin', bytes);
    // Other bytes under another ETag from the fourth request on: HEAD and two ranges have seen the old ones.
    upstream.fault('/w.bin', { kind: 'etag', etag: '"new"' }, { from: 4 });
    const spec = artifact('w', bytes, { sources: sources('/w.bin') });
    const { report } = await fixture.stage(manifest([spec]), store);
    expect(report.artifacts[0]).toMatchObject({ state: 'failed', attempts: [{ outcome: 'changed' }] });
    expect(await store.head('models/1.0.0/w.bin')).toBeUndefined();
    upstream.heal();
    expect((await fixture.stage(manifest([spec]), store)).report.state).toBe('published');
  });

  it('replaces the file and ignores conditions is noticed all the same', async () => {
    const bytes = generateBytes('old', sizes.large);
    upstream.put('/w.bin', bytes);
    upstream.fault('/w.bin', { kind: 'ignore-conditions' });
    upstream.fault('/w.bin', { kind: 'etag', etag: '"new"' }, { from: 4 });
    const { report } = await fixture.stage(manifest([artifact('w', bytes, { sources: sources('/w.bin') })]), store);
    expect(report.artifacts[0]).toMatchObject({ state: 'failed', attempts: [{ outcome: 'changed' }] });
  });

  it('redirects to another host does not get the token there', async () => {
    const bytes = generateBytes('small', sizes.small);
    const http2 = createHttpClient({
      userAgent: 'weighbridge/test',
      trustedOrigins: [upstream.origin, other.origin],
      credentials: [{ origins: [upstream.origin], headers: { authorization: `Bearer ${token}` } }],
    });
    other.put('/w.bin', bytes);
    upstream.fault('/w.bin', { kind: 'redirect', to: other.url('/w.bin?X-Amz-Signature=5ec2e7') });
    const ports = { http: http2, manifestDirectory: folder, cache: new SourceCache() };
    const trusting = stageFixture({ openSources: (spec) => spec.sources.map((ref) => openSource(ref, ports, spec)) });
    const spec = artifact('w', bytes, { sources: sources('/w.bin') });
    const { report } = await trusting.stage(manifest([spec]), store);
    expect(report.state).toBe('published');
    expect(upstream.requests[0]?.headers.authorization).toBe(`Bearer ${token}`);
    expect(other.requests.length).toBeGreaterThan(0);
    for (const { headers } of other.requests) expect(headers.authorization).toBeUndefined();
    const release = await readFile(join(folder, 'models/1.0.0/release.json'), 'utf8');
    expect(JSON.stringify([report, trusting.events]) + release).not.toMatch(/5ec2e7|X-Amz|hf_secret/);
    await trusting.close();
    await http2.close();
  });

  it('has nothing right at all fails the artifact, and only that', async () => {
    const bytes = generateBytes('w', sizes.small);
    const fine = generateBytes('fine', sizes.small);
    upstream.put('/fine', fine);
    const wanted = manifest([
      artifact('w', bytes, { sources: sources('/nothing', '/nowhere') }),
      artifact('fine', fine, { sources: sources('/fine') }),
    ]);
    const { report } = await fixture.stage(wanted, store);
    expect(report).toMatchObject({ ok: false, state: 'failed', published: false });
    expect(report.artifacts.map(({ state }) => state)).toEqual(['failed', 'staged']);
    expect(report.artifacts[0]?.attempts.map(({ outcome }) => outcome)).toEqual(['missing', 'missing']);
    expect(await store.head('models/1.0.0/w.bin')).toBeUndefined();
  });
});
