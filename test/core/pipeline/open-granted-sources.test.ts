import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sourcesSchema } from '../../../lib/contract/cloud/source-grants.ts';
import { inboxKey } from '../../../lib/contract/cloud/state-keys.ts';
import { Sha256 } from '../../../lib/core/digest/sha256.ts';
import { createHttpClient } from '../../../lib/core/http/create-http-client.ts';
import type { HttpClient } from '../../../lib/core/http/http-client.ts';
import type { Access } from '../../../lib/core/manifest/manifest.ts';
import { openGrantedSources, privateMirrors } from '../../../lib/core/pipeline/open-granted-sources.ts';
import { tokenGrants } from '../../../lib/core/pipeline/token-grants.ts';
import { SourceCache } from '../../../lib/core/sources/source-cache.ts';
import { MemoryStore } from '../../../lib/core/stores/memory-store.ts';
import { artifact } from '../../support/stage-fixture.ts';
import { startUpstream, type Upstream } from '../../upstream/upstream.ts';
import { failure, readAll, ref } from '../sources/source-fixture.ts';

const signal = new AbortController().signal;
const bytes = Buffer.alloc(50_000, 'weights of a model ');

describe('sources as the pipeline opens them', () => {
  let upstream: Upstream;
  const clients: HttpClient[] = [];
  const inbox = new MemoryStore();

  beforeAll(async () => {
    upstream = await startUpstream();
    upstream.put('/free.bin', bytes);
    upstream.put('/gated.bin', bytes);
    upstream.fault('/gated.bin', { kind: 'status', status: 401 });
  });
  afterAll(async () => {
    for (const client of clients) await client.close();
    await upstream.close();
  });

  /** The only source of an artifact of these bytes, opened for a release of that access by `team`. */
  function open(uri: string, access: Access, trusted = [upstream.origin]) {
    const sources = sourcesSchema.parse({
      hosts: ['127.0.0.1', 'localhost'],
      tokens: { origins: [{ origin: upstream.origin, secret: 'models', scheme: 'Bearer' }] },
    });
    const http = createHttpClient({
      userAgent: 'weighbridge/test',
      trustedOrigins: trusted,
      credentials: async (url) =>
        tokenGrants(sources.tokens)
          .find(({ origins }) => origins.includes(url.origin))
          ?.credential('the-token'),
    });
    clients.push(http);
    const configuration = { sources, trustedOrigins: trusted, gcs: undefined };
    const [source] = openGrantedSources(
      artifact('a', bytes, { sources: [ref(uri)] }),
      { publisher: 'team', access },
      {
        configuration,
        http,
        inbox,
        own: { private: [] },
        openBucket: () => Promise.reject(new Error('no bucket expected')),
        cache: new SourceCache(),
        privateBuckets: privateMirrors(configuration, { private: [] }),
      },
    );
    if (source === undefined) throw new Error('no source');
    return source;
  }

  const sent = () => upstream.requests.splice(0).map(({ headers }) => headers.authorization);

  it('are given a token for private releases, and none of those for private use for public ones', async () => {
    expect(await readAll(await open(upstream.url('/free.bin'), 'private').resolve(signal))).toEqual(bytes);
    expect(new Set(sent())).toEqual(new Set(['Bearer the-token']));
    expect(await readAll(await open(upstream.url('/free.bin'), 'public').resolve(signal))).toEqual(bytes);
    expect(new Set(sent())).toEqual(new Set([undefined]));
  });

  it('that want the token that was withheld say where it may be granted', async () => {
    expect(await failure(open(upstream.url('/gated.bin'), 'public').resolve(signal))).toMatchObject({
      outcome: 'gated',
      hint: expect.stringMatching(/sources\.tokens\.origins\[0\] is used only where .* "for: any"/),
    });
  });

  it('give no token along when they redirect, and follow to no place that is not public', async () => {
    const other = await startUpstream();
    other.put('/free.bin', bytes);
    upstream.put('/moved.bin', bytes);
    upstream.fault('/moved.bin', { kind: 'redirect', to: other.url('/free.bin') });
    const trusting = [upstream.origin, other.origin];
    expect(await readAll(await open(upstream.url('/moved.bin'), 'private', trusting).resolve(signal))).toEqual(bytes);
    expect(new Set(other.requests.splice(0).map(({ headers }) => headers.authorization))).toEqual(new Set([undefined]));
    expect(await failure(open(upstream.url('/moved.bin'), 'private').resolve(signal))).toMatchObject({
      outcome: 'forbidden',
    });
    expect(other.requests).toEqual([]);
    upstream.put('/inward.bin', bytes);
    upstream.fault('/inward.bin', { kind: 'redirect', to: 'http://169.254.169.254/latest/meta-data/' });
    const trusted = [upstream.origin, 'http://169.254.169.254'];
    expect(await failure(open(upstream.url('/inward.bin'), 'private', trusted).resolve(signal))).toMatchObject({
      outcome: 'forbidden',
    });
    await other.close();
  });

  it('that are not granted are refused before anybody is asked, with the lines that would grant them', async () => {
    expect(await failure(open('https://example.org/w.bin', 'public').resolve(signal))).toMatchObject({
      outcome: 'forbidden',
      message: 'the host example.org is not granted',
      hint: expect.stringContaining('sources:\n  hosts:\n    - "example.org"'),
    });
  });

  it('called file: are read from the inbox of their publisher and access, and keep their name', async () => {
    const key = inboxKey('team', 'private', Sha256.ofBytes(bytes).hex);
    await inbox.put(key, bytes, { ifAbsent: true });
    const resolved = await open('file:weights/a.bin', 'private').resolve(signal);
    expect(resolved.description).toMatchObject({ source: 'file:weights/a.bin', size: bytes.length });
    expect(await readAll(resolved)).toEqual(bytes);
    expect(await failure(open('file:weights/a.bin', 'public').resolve(signal))).toMatchObject({
      outcome: 'missing',
      hint: expect.stringContaining('weighbridge submit'),
    });
  });
});
