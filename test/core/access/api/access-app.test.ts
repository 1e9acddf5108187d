import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { urlsAnswerSchema } from '../../../../lib/core/access/wire.ts';
import { Sha256 } from '../../../../lib/core/digest/sha256.ts';
import { PolicyUnavailable } from '../../../../lib/core/errors.ts';
import { type AccessFixture, accessFixture, bearer, grant, jsonOf, policyWith, seen } from './access-fixture.ts';

let api: AccessFixture;
const file = '/v1/weights/1.0.0/sub/a%20b.bin';

beforeEach(async () => {
  api = await accessFixture();
});

describe('a file', () => {
  test('is had by a redirect to a URL of exactly that object', async () => {
    const { status, headers, body } = await seen(await api.get(file));
    expect([status, body]).toEqual([302, '']);
    expect(headers.location).toMatch(/^https:\/\/store\.example\/weights\/1\.0\.0\/sub\/a%20b\.bin\?/);
    expect(headers['cache-control']).toBe('private, no-store');
    expect(headers['x-weighbridge-expires-at']).toBe('2026-05-04T03:17:01.500Z');
    const objects = JSON.parse(await readFile(join(api.root, 'weights/1.0.0/objects.json'), 'utf8'));
    const { etag } = objects['sub/a b.bin'];
    expect(api.signer.signed).toEqual([
      {
        key: 'weights/1.0.0/sub/a b.bin',
        version: undefined,
        etag,
        fileName: 'a b.bin',
        sha256: expect.stringMatching(/^[0-9a-f]{64}$/),
      },
    ]);
  });

  test('is had as a URL in plain text by clients that would send their credential on', async () => {
    const { status, headers, body } = await seen(await api.get(`${file}?redirect=0`));
    expect([status, headers['content-type']]).toEqual([200, 'text/plain; charset=utf-8']);
    expect(body).toMatch(/^https:\/\/store\.example\/\S+\n$/);
    expect(headers.location).toBeUndefined();
    expect(headers['content-length']).toBe(String(body.length));
    expect(headers['x-weighbridge-expires-at']).toBe('2026-05-04T03:17:01.500Z');
  });

  test('is described by HEAD itself, without a URL', async () => {
    const { status, headers, body } = await seen(await api.get(file, { method: 'HEAD' }));
    const sha256 = Sha256.ofBytes('first');
    expect([status, body]).toEqual([200, '']);
    expect(headers).toMatchObject({
      etag: `"${sha256.hex}"`,
      'repr-digest': sha256.reprDigest,
      'content-length': '5',
      'content-type': 'application/octet-stream',
      'accept-ranges': 'bytes',
    });
    expect(headers.location).toBeUndefined();
    expect(api.signer.prepared).toEqual([]);
    const again = await api.get(file, { method: 'HEAD', headers: { ...bearer, 'if-none-match': `"${sha256.hex}"` } });
    expect(again.status).toBe(304);
  });

  test('of latest is the one of the highest version that the caller may see', async () => {
    api.policy = policyWith(grant({ versions: '<2' }));
    const { status, headers } = await seen(await api.get('/v1/weights/latest/sub/a%20b.bin'));
    expect([status, headers.location?.split('?')[0]]).toEqual([
      302,
      'https://store.example/weights/1.1.0/sub/a%20b.bin',
    ]);
    expect(api.audit[0]).toMatchObject({ collection: 'weights', version: '1.1.0', file: 'sub/a b.bin' });
  });

  test.each([
    ['the usual time', '', 900, 900],
    ['what was asked for', '?expiresIn=60', 900, 60],
    ['what the grant allows, where more was asked for', '?expiresIn=604800', 900, 900],
    ['what the grant allows, where that is less than usual', '', 120, 120],
  ])('has a URL that lives for %s', async (_, query, maximumLifetime, lifetime) => {
    api.policy = policyWith(grant({ maximumLifetime }));
    await api.get(file + query);
    expect(api.signer.prepared).toEqual([lifetime]);
    expect(api.audit).toMatchObject([{ outcome: 'allowed', lifetime }]);
  });

  test('is promised no longer than the signing credentials live', async () => {
    api = await accessFixture({ life: 400 });
    const response = await api.get(file);
    expect(response.headers.get('x-weighbridge-expires-at')).toBe('2026-05-04T03:08:41.500Z');
    expect(api.audit).toMatchObject([{ lifetime: 400 }]);
  });

  test('of a yanked release is still had by its version, and latest passes over it', async () => {
    api = await accessFixture({
      releases: [
        { collection: 'weights', version: '1.0.0', files: { 'a.bin': 'a' } },
        { collection: 'weights', version: '1.1.0', files: { 'a.bin': 'b' }, yanked: { at: '2026-01-02', reason: 'x' } },
        { collection: 'weights', version: '1.2.0', files: { 'a.bin': 'c' }, pruned: { at: '2026-01-03' } },
      ],
    });
    expect((await api.get('/v1/weights/1.1.0/a.bin')).status).toBe(302);
    expect((await api.get('/v1/weights/latest/a.bin')).headers.get('location')).toContain('/weights/1.0.0/a.bin');
    expect((await api.get('/v1/weights/1.2.0/a.bin')).status).toBe(404);
    expect(api.audit.at(-1)).toMatchObject({ outcome: 'missing', version: '1.2.0', rule: 'weights' });
  });
});

describe('the records', () => {
  test('of a release come byte for byte, so that the chain from the registry can be followed', async () => {
    api.policy = policyWith(grant({ files: ['config.json'] }));
    for (const record of ['release.json', 'SHA256SUMS', 'RELEASE.md']) {
      const response = await api.get(`/v1/weights/1.0.0/${record}`);
      const stored = await readFile(join(api.root, 'weights/1.0.0', record));
      expect(Buffer.from(await response.arrayBuffer()).equals(stored)).toBe(true);
      expect(response.headers.get('etag')).toBe(`"${Sha256.ofBytes(stored).hex}"`);
      expect(response.headers.get('cache-control')).toBe('private, no-store');
      const head = await seen(await api.get(`/v1/weights/1.0.0/${record}`, { method: 'HEAD' }));
      expect(head).toEqual({ status: 200, headers: Object.fromEntries(response.headers), body: '' });
    }
    const registry = await jsonOf(await api.get('/v1/registry'));
    const record = Buffer.from(await (await api.get('/v1/weights/1.0.0/release.json')).arrayBuffer());
    expect(registry.collections.weights.versions['1.0.0'].sha256).toBe(Sha256.ofBytes(record).hex);
  });

  test('of the registry name what the caller may see, with the latest of that', async () => {
    api.policy = policyWith(grant({ versions: '<2' }));
    const response = await api.get('/v1/registry');
    const registry = await jsonOf(response);
    expect(registry).toMatchObject({ access: 'private', serial: 4, mirrors: [] });
    expect(Object.keys(registry.collections)).toEqual(['weights']);
    expect(Object.keys(registry.collections.weights.versions)).toEqual(['1.0.0', '1.1.0']);
    expect(registry.collections.weights.latest).toBe('1.1.0');
    const etag = response.headers.get('etag') ?? '';
    const again = await api.get('/v1/registry', { headers: { ...bearer, 'if-none-match': etag } });
    expect(await seen(again)).toMatchObject({ status: 304, body: '', headers: { etag } });
  });

  test('of nothing that exists yet are an empty registry, to whom something is granted', async () => {
    api.policy = policyWith(grant({ collections: ['planned'] }));
    expect(await (await api.get('/v1/registry')).json()).toMatchObject({ collections: {} });
  });
});

describe('many URLs', () => {
  test('are all files of the release that the caller may read, when none is named', async () => {
    api.policy = policyWith(grant(), grant({ name: 'brief', files: ['config.json'], maximumLifetime: 300 }));
    const response = await api.urls({ collection: 'weights', version: '1.0.0' });
    const answer = urlsAnswerSchema.parse(await response.json());
    expect(answer).toMatchObject({ version: '1.0.0', store: 'directory', truncated: false });
    expect(answer.urls.map(({ file: name, size }) => [name, size])).toEqual([
      ['config.json', 2],
      ['sub/a b.bin', 5],
    ]);
    expect(api.signer.prepared).toEqual([900]);
    expect(api.audit).toMatchObject([
      { action: 'urls', outcome: 'allowed', files: 2, file: null, rule: 'weights', lifetime: 900 },
    ]);
  });

  test('live as long as the shortest of their grants says', async () => {
    api.policy = policyWith(
      grant({ name: 'long', files: ['config.json'], maximumLifetime: 3600 }),
      grant({ name: 'short', files: ['sub/**'], maximumLifetime: 300 }),
    );
    await api.urls({ collection: 'weights', version: '1.0.0', expiresIn: 3000 });
    await api.urls({ collection: 'weights', version: '1.0.0', expiresIn: 3000, files: ['config.json'] });
    expect(api.signer.prepared).toEqual([300, 3000]);
    expect(api.audit.map(({ rule }) => rule)).toEqual(['long,short', 'long']);
  });

  test('are of the version itself where latest was asked for', async () => {
    const response = await api.urls({ collection: 'weights', version: 'latest', files: ['sub/a b.bin'] });
    expect(await response.json()).toMatchObject({ version: '2.0.0', urls: [{ file: 'sub/a b.bin' }] });
  });

  test('are a thousand at most, and the answer says that there are more', async () => {
    const files = Object.fromEntries(Array.from({ length: 1001 }, (_, index) => [`f${index}.bin`, `${index}`]));
    api = await accessFixture({ releases: [{ collection: 'weights', version: '1.0.0', files }] });
    const whole = await jsonOf(await api.urls({ collection: 'weights', version: '1.0.0' }));
    expect([whole.urls.length, whole.truncated]).toEqual([1000, true]);
    const named = await api.urls({ collection: 'weights', version: '1.0.0', files: Object.keys(files).slice(0, 1000) });
    expect((await jsonOf(named)).urls).toHaveLength(1000);
    expect((await api.urls({ collection: 'weights', version: '1.0.0', files: Object.keys(files) })).status).toBe(400);
    expect(api.signer.prepared).toHaveLength(2);
  });
});

describe('health', () => {
  test('is told without a credential', async () => {
    const { status, body } = await seen(await api.get('/v1/healthz', { headers: {} }));
    expect([status, JSON.parse(body)]).toEqual([200, { service: 'weighbridge-access', api: 1, ok: true }]);
    expect(api.audit).toEqual([]);
  });

  test('is bad where nobody can say what the policy is, and then nothing is given out', async () => {
    api.policyFault = new PolicyUnavailable('it cannot be read');
    const { status, body } = await seen(await api.get('/v1/healthz', { headers: {} }));
    expect([status, JSON.parse(body).ok]).toEqual([503, false]);
    expect(await seen(await api.get(file))).toMatchObject({ status: 503, headers: { 'retry-after': '5' } });
    expect(api.audit).toMatchObject([{ outcome: 'failed', reason: 'PolicyUnavailable: it cannot be read' }]);
    expect(api.requests).toEqual([]);
  });

  test('is good without any policy, which grants nothing', async () => {
    api.policy = undefined;
    expect((await api.get('/v1/healthz')).status).toBe(200);
    expect((await api.get(file)).status).toBe(401);
  });
});

describe('the audit', () => {
  test('is told of each request under the id that the gateway gave it, or one of its own', async () => {
    await api.get(file, { bindings: { requestId: 'gateway-1' } });
    await api.get(file, { method: 'HEAD' });
    await api.get('/v1/registry', { headers: {} });
    expect(api.audit.map(({ request, action, outcome, who }) => [request, action, outcome, who])).toEqual([
      ['gateway-1', 'url', 'allowed', 'token farm'],
      ['request-1', 'head', 'allowed', 'token farm'],
      ['request-2', 'registry', 'unauthenticated', null],
    ]);
  });

  test('must know of a URL before anybody has it', async () => {
    const full = () => {
      throw new Error('the disk is full: https://store.example/?signature=secret');
    };
    api = await accessFixture({ ports: { audit: { record: full } } });
    const answer = await seen(await api.get(file));
    expect(answer.status).toBe(503);
    expect(JSON.stringify(answer)).not.toMatch(/secret|store\.example|disk/);
  });
});

describe('principals of AWS', () => {
  const lab = { kind: 'aws', account: '210987654321', arn: undefined } as const;

  test('are whom the gateway proved, below /iam/v1', async () => {
    api.policy = policyWith(grant({ to: ['lab'] }));
    const response = await api.get(`/iam${file}`, { headers: {}, bindings: { awsCaller: lab } });
    expect(response.status).toBe(302);
    expect(api.audit).toMatchObject([{ who: 'aws 210987654321', outcome: 'allowed' }]);
  });

  test('are nobody without the gateway, whatever the headers say', async () => {
    api.policy = policyWith(grant({ to: ['lab', 'farm'] }));
    const headers = { ...bearer, 'x-amzn-iam-account': '210987654321', 'aws-caller': JSON.stringify(lab) };
    expect((await api.get(`/iam${file}`, { headers })).status).toBe(404);
    expect(api.audit).toMatchObject([{ who: null, outcome: 'unauthenticated' }]);
    expect(api.requests).toEqual([]);
  });

  test('are not asked below /v1, where only the header counts', async () => {
    api.policy = policyWith(grant({ to: ['lab'] }));
    expect((await api.get(file, { headers: {}, bindings: { awsCaller: lab } })).status).toBe(401);
    expect((await api.get(file, { bindings: { awsCaller: lab } })).status).toBe(404);
  });
});
