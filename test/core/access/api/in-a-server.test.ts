import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer, type HttpBindings } from '@hono/node-server';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { ask } from '../../../fixtures/serving.ts';
import { type AccessFixture, accessFixture, bearer, grant, policyWith } from './access-fixture.ts';

let api: AccessFixture;
let base: string;

beforeEach(async () => {
  api = await accessFixture({ ports: { cors: { origins: ['https://app.example'] } } });
  const fetch = (request: Request, env: unknown) =>
    api.app.fetch(request, { target: (env as HttpBindings).incoming.url ?? '' });
  const server = createAdaptorServer({ fetch }) as Server;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => new Promise((resolve) => server.close(() => resolve())));
  base = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
});

describe('the access API in a server', () => {
  test('answers files by redirect, by text and by HEAD', async () => {
    const target = '/v1/weights/1.1.0/sub/a%20b.bin';
    const redirect = await ask(base, target, bearer);
    expect([redirect.status, redirect.body.length]).toEqual([302, 0]);
    expect(redirect.headers.location).toMatch(/^https:\/\/store\.example\/weights\/1\.1\.0\//);
    const text = await ask(base, `${target}?redirect=0`, bearer);
    expect(text.body.toString()).toBe(`${redirect.headers.location}\n`);
    const head = await ask(base, target, bearer, 'HEAD');
    expect([head.status, head.headers['content-length'], head.body.length]).toEqual([200, '6', 0]);
    expect(head.headers.location).toBeUndefined();
  });

  test('answers HEAD of records with the headers of GET', async () => {
    for (const target of ['/v1/registry', '/v1/weights/1.0.0/release.json', '/v1/healthz', '/v1/openapi.json']) {
      const [got, head] = await Promise.all([ask(base, target, bearer), ask(base, target, bearer, 'HEAD')]);
      expect(head).toMatchObject({ status: got.status, body: Buffer.alloc(0) });
      expect({ ...head.headers, date: '' }).toEqual({ ...got.headers, date: '' });
      expect(got.headers['content-length']).toBe(String(got.body.length));
    }
  });

  test('sees the path as it was sent: what a URL object would have resolved names nothing', async () => {
    const refused = await ask(base, '/v1/nothing/1.0.0/a.bin', bearer);
    for (const path of [
      'x/../config.json',
      'x/%2e%2e/config.json',
      './config.json',
      '%2e/config.json',
      'x/..%2fconfig.json',
    ]) {
      const answer = await ask(base, `/v1/weights/1.0.0/${path}`, bearer);
      expect({ ...answer, headers: { ...answer.headers, date: '' } }).toEqual({
        ...refused,
        headers: { ...refused.headers, date: '' },
      });
    }
    expect((await ask(base, '/v1/weights/1.0.0/config.json', bearer)).status).toBe(302);
  });

  test('takes netrc credentials, as curl sends them', async () => {
    const basic = Buffer.from(`token:${bearer.authorization.slice('Bearer '.length)}`).toString('base64');
    expect((await ask(base, '/v1/registry', { authorization: `Basic ${basic}` })).status).toBe(200);
  });

  test('signs many, and reads no more of a body than it takes', async () => {
    const init = { method: 'POST', headers: { ...bearer, 'content-type': 'application/json' } };
    const many = await fetch(`${base}v1/urls`, { ...init, body: '{"collection":"weights","version":"1.0.0"}' });
    expect([many.status, (await many.text()).match(/https:/g)?.length]).toEqual([200, 2]);
    const large = await fetch(`${base}v1/urls`, { ...init, body: ' '.repeat(300_000) });
    expect(large.status).toBe(413);
  });
});

describe('web pages', () => {
  const origin = 'https://app.example';
  const asks = { origin, 'access-control-request-method': 'GET', 'access-control-request-headers': 'authorization' };

  test('of the origins that are named may ask, and see the answer', async () => {
    const before = await ask(base, '/v1/registry', asks, 'OPTIONS');
    expect(before.status).toBe(204);
    expect(before.headers).toMatchObject({
      'access-control-allow-origin': origin,
      'access-control-allow-headers': 'authorization, content-type',
      vary: 'origin',
    });
    const answer = await ask(base, '/v1/registry', { ...bearer, origin });
    expect(answer.headers).toMatchObject({ 'access-control-allow-origin': origin, vary: 'origin' });
    expect(answer.headers['access-control-allow-credentials']).toBeUndefined();
  });

  test.each(['https://app.example.evil.example', 'http://app.example', 'null', 'https://APP.example', ''])(
    'of others may not: %j',
    async (other) => {
      const before = await ask(base, '/v1/registry', { ...asks, origin: other }, 'OPTIONS');
      expect([before.status, before.headers['access-control-allow-origin']]).toEqual([405, undefined]);
      const answer = await ask(base, '/v1/registry', { ...bearer, origin: other });
      expect(answer.headers['access-control-allow-origin']).toBeUndefined();
      expect(answer.headers.vary).toBe('origin');
    },
  );

  test('may not ask where no origin is named', async () => {
    const closed = await accessFixture({ policy: policyWith(grant()) });
    expect((await closed.get('/v1/registry', { method: 'OPTIONS', headers: asks })).status).toBe(405);
    const answer = await closed.get('/v1/registry', { headers: { ...bearer, origin } });
    expect([...answer.headers.keys()].filter((name) => /^access-control|^vary/.test(name))).toEqual([]);
  });
});
