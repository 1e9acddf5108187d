import { chmod, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { exportJWK, generateKeyPair, SignJWT } from 'jose';
import { describe, expect, onTestFinished, test } from 'vitest';
import { AccessApi } from '../../../../lib/core/access/client/access-api.ts';
import { AwsSigned } from '../../../../lib/core/access/client/aws-signed.ts';
import { BearerToken } from '../../../../lib/core/access/client/bearer-token.ts';
import { GithubIdToken } from '../../../../lib/core/access/client/github-id-token.ts';
import { netrcCredentials } from '../../../../lib/core/access/client/netrc-credentials.ts';
import { findNetrcEntry } from '../../../../lib/core/access/client/parse-netrc.ts';
import { probeAccessApi } from '../../../../lib/core/access/client/probe-access-api.ts';
import { TokenFile } from '../../../../lib/core/access/client/token-file.ts';
import { newMirrorToken } from '../../../../lib/core/access/policy/mirror-token.ts';
import { NotAuthorised, UsageError } from '../../../../lib/core/errors.ts';
import { layOutMirror, temporaryFolder } from '../../../fixtures/mirror.ts';
import { grantAll, policyOf, privateApi } from '../../../fixtures/private-api.ts';
import { hurried } from '../../../fixtures/pulling.ts';
import { serving } from '../../../fixtures/serving.ts';
import { signedStore } from '../../../fixtures/signed-store.ts';
import { httpFor, readerFor } from './private-pulling.ts';

const files = { 'a.bin': 'a' };

async function started() {
  const { root } = await layOutMirror([{ collection: 'weights', version: '1.0.0', files }], { access: 'private' });
  const store = await signedStore(root);
  return { store, api: await privateApi([store]) };
}

function failed(promise: Promise<unknown>): Promise<Error> {
  return promise.then(
    () => {
      throw new Error('nothing was thrown');
    },
    (error) => error,
  );
}

const request = { method: 'GET', url: new URL('http://127.0.0.1/v1/registry'), body: undefined } as const;

describe('a token in a file', () => {
  test('is read for every request, so that a rotated one is used at once', async () => {
    const { api, store } = await started();
    const [first, second] = [newMirrorToken(), newMirrorToken()];
    const path = join(await temporaryFolder(), 'token');
    const reader = readerFor(api, [store], { credentials: new TokenFile(path, 'WEIGHBRIDGE_TOKEN_FILE') });
    for (const token of [first, second]) {
      await writeFile(path, `${token}\n`);
      api.policy = policyOf([token], grantAll());
      await (await reader.open('registry.json')).discard();
    }
    expect(api.credentials).toEqual([`Bearer ${first}`, `Bearer ${second}`]);
  });

  test('that is rotated in the moment between reading and asking is read again', async () => {
    const { api, store } = await started();
    const [old, fresh] = [newMirrorToken(), newMirrorToken()];
    const path = join(await temporaryFolder(), 'token');
    await writeFile(path, old);
    api.policy = policyOf([fresh], grantAll());
    api.intercept = async () => {
      api.intercept = undefined;
      await writeFile(path, fresh);
      return undefined;
    };
    const reader = readerFor(api, [store], { credentials: new TokenFile(path, 'WEIGHBRIDGE_TOKEN_FILE') });
    await (await reader.open('registry.json')).discard();
    expect(api.log).toEqual(['GET /v1/registry 401', 'GET /v1/registry 200']);
  });

  test.each([
    ['is not there', undefined, /there is no such file/],
    ['is empty', '\n', /is empty/],
    ['is no token', 'two words', /is no token/],
    ['is very long', 'x'.repeat(1_000_000), /is no token/],
  ])('that %s is refused without showing it', async (_, text, message) => {
    const path = join(await temporaryFolder(), 'token');
    if (text !== undefined) await writeFile(path, text);
    const error = await failed(new TokenFile(path, 'WEIGHBRIDGE_TOKEN_FILE').headers());
    expect(error).toBeInstanceOf(NotAuthorised);
    expect(error.message).toMatch(message);
    expect(error.message).not.toContain('two words');
    expect(error.message).not.toContain(path);
  });
});

describe('a netrc file', () => {
  test('gives the entry of exactly the host', () => {
    const text = [
      '# a comment: machine weights.example.org login no password no',
      'machine other.example.org login me password else',
      'macdef init',
      'machine weights.example.org login macro password macro',
      '',
      'machine weights.example.org',
      '  login "build farm"',
      '  password "a \\"quoted\\" one"',
      'machine short.example.org password first login after',
      'default login anybody password everybodys',
    ].join('\n');
    expect(findNetrcEntry(text, 'weights.example.org')).toEqual({ login: 'build farm', password: 'a "quoted" one' });
    expect(findNetrcEntry(text, 'WEIGHTS.example.org')?.login).toBe('build farm');
    expect(findNetrcEntry(text, 'short.example.org')).toEqual({ login: 'after', password: 'first' });
    expect(findNetrcEntry(text, 'example.org')).toBeUndefined();
    expect(findNetrcEntry(text, 'evil-weights.example.org')).toBeUndefined();
    expect(findNetrcEntry('', 'weights.example.org')).toBeUndefined();
  });

  test('with an entry proves the caller to the API', async () => {
    const { api, store } = await started();
    const path = join(await temporaryFolder(), 'netrc');
    await writeFile(path, `machine 127.0.0.1 login token password ${api.token}\n`, { mode: 0o600 });
    const credentials = await netrcCredentials(path, '127.0.0.1');
    if (credentials === undefined) throw new Error('no entry');
    await (await readerFor(api, [store], { credentials }).open('registry.json')).discard();
    expect(api.log).toEqual(['GET /v1/registry 200']);
  });

  test.each([0o640, 0o604, 0o644])(
    'that others can read (%o) is refused, if it says anything of the host',
    async (mode) => {
      const path = join(await temporaryFolder(), 'netrc');
      await writeFile(path, 'machine weights.example.org login me password secret\n');
      await chmod(path, mode);
      const error = await failed(netrcCredentials(path, 'weights.example.org'));
      expect(error).toBeInstanceOf(NotAuthorised);
      expect(error.message).toContain(`others than you can read the file (mode ${mode.toString(8)})`);
      expect(error.message).not.toContain('secret');
      expect(await netrcCredentials(path, 'other.example.org')).toBeUndefined();
      expect(await netrcCredentials(`${path}.not`, 'weights.example.org')).toBeUndefined();
    },
  );
});

describe('the identity of a job of GitHub Actions', () => {
  test('is asked for with the audience, kept while it lives, and asked for again before it ends', async () => {
    const { privateKey, publicKey } = await generateKeyPair('RS256');
    await exportJWK(publicKey);
    const asked: string[] = [];
    const issuer = createServer(async (incoming, response) => {
      asked.push(`${incoming.headers.authorization} ${incoming.url}`);
      const issued = Math.floor(Date.now() / 1000);
      const token = await new SignJWT({ n: asked.length })
        .setProtectedHeader({ alg: 'RS256' })
        .setIssuedAt(issued)
        .setExpirationTime(issued + 300)
        .sign(privateKey);
      response.writeHead(200).end(JSON.stringify({ value: token }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => void issuer.close(() => resolve()).closeAllConnections()));
    const url = new URL(`http://127.0.0.1:${(issuer.address() as AddressInfo).port}/token?api-version=2.0`);
    let now = Date.now();
    const clock = { ...hurried, now: () => new Date(now) };
    const identity = new GithubIdToken(
      { url, token: 'of-the-runner' },
      'https://weights.example.org',
      httpFor(url.href),
      clock,
    );
    const [first, same] = await Promise.all([identity.headers(request), identity.headers(request)]);
    now += 200_000;
    expect(await identity.headers(request)).toEqual(first);
    expect(same).toEqual(first);
    now += 60_000; // 40 seconds are left.
    expect(await identity.headers(request)).not.toEqual(first);
    const line = 'Bearer of-the-runner /token?api-version=2.0&audience=https%3A%2F%2Fweights.example.org';
    expect(asked).toEqual([line, line]);
  });
});

describe('an AWS principal', () => {
  const keys = { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY' };

  test('signs as execute-api in the region, the session’s token included, and nothing secret is sent', async () => {
    const clock = { ...hurried, now: () => new Date('2026-01-02T03:04:05Z') };
    const signed = new AwsSigned({
      ...{ region: 'eu-central-1', clock, kind: 'the AWS keys of the environment' },
      credentials: async () => ({ ...keys, sessionToken: 'session' }),
    });
    const url = new URL('https://abc.execute-api.eu-central-1.amazonaws.com/iam/v1/urls');
    const headers = await signed.headers({ method: 'POST', url, body: '{}' });
    expect(headers['x-amz-date']).toBe('20260102T030405Z');
    expect(headers['x-amz-security-token']).toBe('session');
    expect(headers.authorization).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/20260102\/eu-central-1\/execute-api\/aws4_request, SignedHeaders=[^,]*host[^,]*, Signature=[0-9a-f]{64}$/,
    );
    expect(JSON.stringify(headers)).not.toContain(keys.secretAccessKey);
  });

  test('whose clock is wrong signs by that of the API, once it has said so', async () => {
    const { api, store } = await started();
    const dates: string[] = [];
    api.intercept = (asked) => {
      const date = asked.headers.get('x-amz-date') ?? '';
      dates.push(date);
      const iso = date.replace(/^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z$/, '$1-$2-$3T$4:$5:$6Z');
      const off = Math.abs(Date.parse(iso) - Date.now());
      return new Response('{}', { status: off > 300_000 ? 403 : 200 });
    };
    const clock = { ...hurried, now: () => new Date(Date.now() - 3_600_000) };
    const credentials = new AwsSigned({ region: 'eu-central-1', clock, kind: 'AWS', credentials: async () => keys });
    const reader = readerFor(api, [store], { credentials, clock });
    for (let call = 0; call < 2; call += 1) await (await reader.open('registry.json')).discard();
    expect(dates).toHaveLength(3);
  });
});

describe('a credential', () => {
  test('does not go over a network in plain http, unless that origin is trusted', () => {
    const credentials = new BearerToken('the token of WEIGHBRIDGE_TOKEN', 'secret');
    const http = httpFor('http://weights.internal');
    const url = 'http://weights.internal/v1';
    expect(() => new AccessApi(url, { http, credentials })).toThrow(/plain http/);
    expect(() => new AccessApi('http://127.0.0.1.evil.example/v1', { http, credentials })).toThrow(/plain http/);
    expect(new AccessApi(url, { http, credentials, trustedOrigins: ['http://weights.internal'] }).url).toBe(url);
    for (const loopback of ['http://127.0.0.1:1/v1', 'http://localhost:1/v1', 'http://[::1]:1/iam/v1/']) {
      expect(new AccessApi(loopback, { http, credentials }).url).toBe(loopback);
    }
  });

  test.each([
    'https://a.example/v2',
    'ftp://a.example/v1',
    'https://me@a.example/v1',
    'https://a.example/v1?x=1',
    'v1',
  ])('needs an address that can be an API’s: not %s', (url) => {
    const credentials = new BearerToken('a token', 'secret');
    expect(() => new AccessApi(url, { http: httpFor(), credentials })).toThrow(UsageError);
  });

  test('that no header can hold is refused without showing it', () => {
    expect(() => new BearerToken('the token of X', 'se\ncret')).toThrow(/^the token of X is no token/);
  });
});

describe('an address', () => {
  test('is an API’s if it says so without any credential, also for that below /iam', async () => {
    const { api } = await started();
    const http = httpFor(api.url);
    expect(await probeAccessApi(api.url, http)).toBe(true);
    expect(await probeAccessApi(api.url.replace('/v1', '/iam/v1/'), http)).toBe(true);
    expect(api.log).toEqual(['GET /v1/healthz 200', 'GET /v1/healthz 200']);
    expect(api.credentials).toEqual([null, null]);
  });

  test('that ends like one may be a plain mirror’s, and one that cannot tell now is asked again', async () => {
    const { api } = await started();
    const plain = await serving((await layOutMirror([{ collection: 'weights', version: '1.0.0', files }])).root);
    expect(await probeAccessApi(`${plain}v1`, httpFor(plain))).toBe(false);
    api.intercept = () => new Response('busy', { status: 503 });
    expect(await failed(probeAccessApi(api.url, httpFor(api.url)))).toMatchObject({ retryable: true });
    const ill = JSON.stringify({ service: 'weighbridge-access', api: 1, ok: false });
    api.intercept = () => new Response(ill, { status: 503 });
    expect(await probeAccessApi(api.url, httpFor(api.url))).toBe(true);
  });
});
