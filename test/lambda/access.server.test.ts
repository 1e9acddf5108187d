import { createSign, randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { HttpAnswer } from '../../lambda/runtime/http-event.ts';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { type RuntimeConfiguration, runtimeConfigurationFile } from '../../lib/contract/cloud/deployment.ts';
import { policyKey } from '../../lib/contract/cloud/state-keys.ts';
import type { AccessPolicy, Grant } from '../../lib/core/access/access-policy.ts';
import { newMirrorToken, tokenDigest } from '../../lib/core/access/policy/mirror-token.ts';
import type { UrlsAnswer } from '../../lib/core/access/wire.ts';
import { buildLambdas } from '../../tools/build-lambdas.ts';
import { type OidcIssuer, startOidcIssuer } from '../fixtures/oidc-issuer.ts';
import {
  callerWithKeys,
  newToken,
  type RunningTokenService,
  startTokenService,
} from '../servers/google-token-service.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../servers/start-aws-emulator.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../servers/strict-gcs/start-strict-gcs.ts';
import { AccessPlace, type GatewayEvent, gatewayEvent } from './access-place.ts';
import { deployment } from './deployed-handler.ts';
import { LambdaProcess } from './lambda-process.ts';

const token = newMirrorToken();
const other = '444455556666';
const consumer = `mirror-consumer-${other}-us-east-1`;
const weights = randomBytes(40_000);
const bearer = { authorization: `Bearer ${token}` };
const releases = [
  { collection: 'weights', version: '1.0.0', files: { 'sub/a b.bin': weights, 'config.json': '{"old":true}' } },
  {
    collection: 'weights',
    version: '2.0.0',
    files: { 'sub/a b.bin': 'second', 'config.json': '{}', '50%.bin': 'half' },
  },
  { collection: 'secret', version: '1.0.0', files: { 'model.bin': 'secret' } },
];

function grant(name: string, to: string, collection = 'weights'): Grant {
  const all = { versions: null, prereleases: false, tags: null, files: null };
  return { name, to: [to], collections: [collection], ...all, maximumLifetime: 600 };
}

describe.skipIf(lacksAwsEmulator())('the bundled function of the access API', () => {
  let folder: string;
  let emulator: AwsEmulator;
  let place: AccessPlace;
  let issuer: OidcIssuer;
  let gcs: RunningStrictGcs;
  let google: RunningTokenService;
  let configuration: RuntimeConfiguration;
  let api: LambdaProcess;
  const processes: LambdaProcess[] = [];

  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'weighbridge-access-'));
    [emulator, issuer] = await Promise.all([
      startAwsEmulator({ auth: true }),
      startOidcIssuer(),
      buildLambdas(['access'], join(folder, 'built')),
    ]);
    place = await AccessPlace.make(emulator);
    await place.publish(releases);
    const policy: AccessPolicy = {
      issuers: { ci: { issuer: issuer.issuer, audiences: ['weighbridge'] } },
      principals: {
        farm: { kind: 'tokens', tokens: [{ sha256: tokenDigest(token), expires: '2099-01-01' }] },
        lab: { kind: 'aws', arns: [other] },
        trainer: { kind: 'aws', arns: [`arn:aws:iam::${emulator.account}:role/trainer-*`] },
        builds: { kind: 'oidc', issuer: 'ci', claims: { sub: 'tester' } },
      },
      grants: [grant('farm', 'farm'), grant('lab', 'lab'), grant('trainer', 'trainer'), grant('builds', 'builds')],
    };
    await place.decree(policy);
    await startGoogle();
    api = await start(place.variables);
  }, 180_000);

  afterAll(async () => {
    for (const one of processes) await one.end();
    place?.client.destroy();
    await issuer?.close();
    await google?.stop();
    await gcs?.stop();
    await emulator?.stop();
    await rm(folder, { recursive: true, force: true });
  });

  /** A copy of the releases in Cloud Storage, and what Google does for a role of AWS. */
  async function startGoogle(): Promise<void> {
    const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/w/providers/aws';
    const accessToken = newToken();
    gcs = await startStrictGcs({ tokens: { [accessToken]: 'all' } });
    gcs.server.addBucket('w-private', { versioning: { enabled: true } });
    const { client_email: serviceAccount, private_key: key } = gcs.key;
    const arn = 'arn:aws:sts::000000000000:assumed-role/mirror-access/session';
    google = await startTokenService({
      audience: provider,
      caller: callerWithKeys(place.keys, arn),
      admits: (caller) => caller === arn,
      tokenOf: () => accessToken,
      signBlob: (account, bytes, shown) =>
        account === serviceAccount && shown === accessToken
          ? createSign('RSA-SHA256').update(bytes).sign(key)
          : undefined,
    });
    configuration = {
      ...deployment(),
      trustedOrigins: [issuer.issuer],
      access: { rolePrefix: '', consumerAccounts: [other] },
      gcs: cloudSchema.parse({
        gcs: {
          project: 'my-project',
          private: { name: 'w-private' },
          workloadIdentity: { provider, serviceAccount },
          endpoint: gcs.url,
          tokenEndpoint: google.url,
        },
      }).gcs,
    };
  }

  async function start(variables: Readonly<Record<string, string>>): Promise<LambdaProcess> {
    const code = await mkdtemp(join(folder, 'code-'));
    await cp(join(folder, 'built', 'access'), code, { recursive: true });
    await writeFile(join(code, runtimeConfigurationFile), JSON.stringify(configuration));
    const running = new LambdaProcess(code, variables);
    processes.push(running);
    return running;
  }

  async function ask(path: string, more: GatewayEvent = {}, running = api): Promise<HttpAnswer> {
    return (await running.call(gatewayEvent(path, more), 15)) as HttpAnswer;
  }

  /** The URL of a file, as text. */
  async function urlOf(path: string, more: GatewayEvent = {}): Promise<string> {
    const { query = 'redirect=0' } = more;
    const answer = await ask(path, { headers: bearer, ...more, query });
    expect(answer.statusCode, answer.body).toBe(200);
    return answer.body.trim();
  }

  const withAws = (userArn: string, accountId = userArn.split(':')[4] ?? '') => ({ iam: { accountId, userArn } });
  const session = (role: string) => `arn:aws:sts::000000000000:assumed-role/${role}/job`;

  it('redirects to a URL that gives exactly the bytes, also a range of them', async () => {
    const { statusCode, headers, body } = await ask('/v1/weights/1.0.0/sub/a b.bin', { headers: bearer });
    expect([statusCode, body]).toEqual([302, '']);
    const url = headers.location ?? '';
    const got = await fetch(url);
    expect(Buffer.from(await got.arrayBuffer()).equals(weights)).toBe(true);
    expect(new URL(url).searchParams.get('response-content-disposition')).toBe('attachment; filename="a b.bin"');
    const range = await fetch(url, { headers: { range: 'bytes=39990-' } });
    expect(range.status).toBe(206);
    expect(Buffer.from(await range.arrayBuffer()).equals(weights.subarray(39_990))).toBe(true);
    expect((await fetch(url, { headers: { range: 'bytes=40000-' } })).status).toBe(416);
  });

  it('gives URLs that are good for nothing else', async () => {
    const url = await urlOf('/v1/weights/1.0.0/config.json');
    const version = new URL(url).searchParams.get('versionId') ?? '';
    expect(version).not.toBe('');
    expect(await (await fetch(url)).text()).toBe('{"old":true}');
    const newer = new URL(await urlOf('/v1/weights/2.0.0/config.json')).searchParams.get('versionId') ?? '';
    for (const tampered of [
      url.replace('1.0.0/config.json', '2.0.0/config.json'),
      url.replace('weights/1.0.0/config.json', 'secret/1.0.0/model.bin'),
      url.replace(version, newer),
      url.replace(`&versionId=${version}`, '').replace(`?versionId=${version}&`, '?'),
      url.replace('X-Amz-Expires=600', 'X-Amz-Expires=3600'),
      url.replace(/X-Amz-Signature=./, (part) => `X-Amz-Signature=${part.endsWith('0') ? '1' : '0'}`),
      url.replace(/\?.*/, ''),
    ]) {
      expect(tampered).not.toBe(url);
      expect((await fetch(tampered)).status, tampered.replace(/Signature=.*/, '')).toBe(403);
    }
    for (const method of ['PUT', 'DELETE', 'POST', 'HEAD']) {
      expect((await fetch(url, { method })).status, method).toBe(403);
    }
    // What has been put there since is another version.
    await place.put('weights/1.0.0/config.json', Buffer.from('{"new":true}'));
    expect(await (await fetch(url)).text()).toBe('{"old":true}');
  });

  it('says when a URL ends, and it ends then', async () => {
    const body = { collection: 'weights', version: 'latest', expiresIn: 2 };
    const headers = { ...bearer, 'content-type': 'application/json' };
    const answer = await ask('/v1/urls', { method: 'POST', headers, body: JSON.stringify(body) });
    expect(answer.statusCode, answer.body).toBe(200);
    const { version, store, urls } = JSON.parse(answer.body) as UrlsAnswer;
    expect({ version, store, files: urls.map(({ file }) => file).sort() }).toEqual({
      ...{ version: '2.0.0', store: 's3' },
      files: ['50%.bin', 'config.json', 'sub/a b.bin'],
    });
    const [first] = urls;
    const signed = new URL(first?.url ?? '').searchParams.get('X-Amz-Date') ?? '';
    const begun = Date.parse(signed.replace(/^(....)(..)(..T..)(..)/, '$1-$2-$3:$4:'));
    expect(Date.parse(first?.expiresAt ?? '') - begun).toBe(2000);
    expect((await fetch(first?.url ?? '')).status).toBe(200);
    await new Promise((resolve) => setTimeout(resolve, begun + 3500 - Date.now()));
    expect((await fetch(first?.url ?? '')).status).toBe(403);
  });

  it('knows callers by token, by identity provider, and by what AWS has proven', async () => {
    const file = 'weights/2.0.0/50%25.bin';
    const oidc = { headers: { authorization: `Bearer ${await issuer.token()}` } };
    for (const [path, more] of [
      [`/v1/${file}`, { headers: bearer }],
      [`/v1/${file}`, oidc],
      [`/iam/v1/${file}`, withAws(session('trainer-7'))],
      [`/iam/v1/${file}`, withAws(session(consumer))],
    ] as const) {
      expect(await (await fetch(await urlOf(path, { headers: {}, ...more }))).text()).toBe('half');
    }
    for (const [path, more, status] of [
      [`/v1/${file}`, { headers: {} }, 401],
      [`/v1/${file}`, { headers: { authorization: `Bearer ${newMirrorToken()}` } }, 401],
      [`/v1/${file}`, { headers: { authorization: `Bearer ${await issuer.token({ aud: 'other' })}` } }, 401],
      [`/v1/${file}`, { headers: { authorization: `Bearer ${await issuer.token({ sub: 'other' })}` } }, 404],
      [`/iam/v1/${file}`, { headers: bearer }, 404],
      [`/iam/v1/${file}`, withAws(session('somebody')), 404],
      [`/iam/v1/${file}`, withAws(`arn:aws:sts::999988887777:assumed-role/${consumer}/job`), 404],
      [`/iam/v1/${file}`, withAws(session('trainer-7'), other), 404],
      // On a route without the authoriser nobody has proven anything.
      [`/v1/${file}`, withAws(session('trainer-7')), 401],
      [`/iam/v1/${file}`, { ...withAws(session('trainer-7')), routeKey: 'ANY /v1/{proxy+}' }, 404],
      [`/iam/v1/${file}`, { ...withAws(session('trainer-7')), routeKey: '$default' }, 404],
      ['/v1/secret/1.0.0/model.bin', { headers: bearer }, 404],
      ['/v1/secret/1.0.0/nothing.bin', { headers: bearer }, 404],
    ] as const) {
      const answer = await ask(path, more);
      expect([answer.statusCode, answer.body.includes('X-Amz')], path).toEqual([status, false]);
    }
    const [forbidden, unknown] = [
      await ask('/v1/secret/1.0.0/model.bin', { headers: bearer }),
      await ask('/v1/none/1.0.0/model.bin', { headers: bearer }),
    ];
    expect(forbidden).toEqual(unknown);
  });

  it('gives nothing for paths that were made to deceive', async () => {
    for (const path of [
      '/v1/weights/1.0.0/../../secret/1.0.0/model.bin',
      '/v1/weights/1.0.0/%252e%252e/%252e%252e/secret/1.0.0/model.bin',
      '/v1/weights/1.0.0/..\\..\\secret\\1.0.0\\model.bin',
      '/v1/../iam/v1/weights/1.0.0/config.json',
      '/iam/v1/../../v1/weights/1.0.0/config.json',
      '//v1/weights/1.0.0/config.json',
      '/v1//weights/1.0.0/config.json',
      '/v1/weights/1.0.0/config.json/',
      '/v1/weights/1.0.0/config.json\u0000',
      '/v1/weights/1.0.0/config.json\r\nx: y',
      '/v1/weights/1.0.0/registry.json',
      '/v1/weights/1.0.0/objects.json',
      '/v1/%/1.0.0/config.json',
      '/v1/weights/1.0.0/\ud800',
      `/v1/weights/1.0.0/${'a/'.repeat(4000)}`,
      '/v1/weights/1.0.0/config.json?redirect=0',
      '/v1/__proto__/constructor/toString',
      '/registry.json',
      '/',
    ]) {
      for (const more of [{ headers: bearer }, withAws(session('trainer-7'))]) {
        const answer = await ask(path, { ...more, query: 'redirect=0' });
        expect([401, 404], JSON.stringify(path)).toContain(answer.statusCode);
        expect(answer.body).not.toContain('X-Amz');
      }
    }
    for (const method of ['DELETE', 'PUT', 'OPTIONS', 'BREW', 'TRACE', 'b ad']) {
      expect((await ask('/v1/weights/1.0.0/config.json', { method, headers: bearer })).statusCode, method).toBe(405);
    }
    await expect(api.call({ Records: [] })).rejects.toMatchObject({ name: 'UsageError' });
  });

  it('gives URLs of the copy in Cloud Storage, signed by a service account without a key', async () => {
    const storage = storageWithToken(gcs.url, gcs.token);
    const bucket = storage.bucket('w-private');
    for (const key of ['registry.json', 'weights/1.0.0/release.json']) {
      await bucket.file(key).save(Buffer.from(await place.read(key)), { resumable: false });
    }
    const file = bucket.file('weights/1.0.0/sub/a b.bin');
    await file.save(weights, { resumable: false });
    const { generation } = (await file.getMetadata())[0];
    const objects = { 'sub/a b.bin': { version: String(generation), etag: 'x' } };
    await bucket.file('weights/1.0.0/objects.json').save(JSON.stringify(objects), { resumable: false });
    const query = 'redirect=0&store=gcs&expiresIn=60';
    const url = await urlOf('/v1/weights/1.0.0/sub/a b.bin', { query });
    expect(new URL(url).origin).toBe(gcs.url);
    expect(new URL(url).searchParams.get('generation')).toBe(String(generation));
    expect(Buffer.from(await (await fetch(url)).arrayBuffer()).equals(weights)).toBe(true);
    expect((await fetch(url.replace('X-Goog-Expires=60', 'X-Goog-Expires=600'))).status).toBe(403);
    expect(google.refused).toEqual([]);
    expect(google.given.length).toBeGreaterThan(0);
  });

  it('answers that it cannot while the policy is none, logs it once for an alarm, and comes back by itself', async () => {
    const good = await place.read(policyKey, place.stateBucket);
    await place.put(policyKey, Buffer.from('{"format":1,"policy":{}}'), place.stateBucket);
    const fresh = await start(place.variables);
    expect((await ask('/v1/weights/1.0.0/config.json', { headers: bearer }, fresh)).statusCode).toBe(503);
    const health = await ask('/v1/healthz', {}, fresh);
    expect([health.statusCode, JSON.parse(health.body)]).toMatchObject([
      503,
      { service: 'weighbridge-access', ok: false },
    ]);
    await place.put(policyKey, good, place.stateBucket);
    // What failed stands for a second.
    await new Promise((resolve) => setTimeout(resolve, 1100));
    expect((await ask('/v1/healthz', {}, fresh)).statusCode).toBe(200);
    const lines = fresh.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    expect(lines.filter(({ type }) => type === 'policy')).toMatchObject([
      { level: 'ERROR', error: { name: 'UnreadablePolicy' } },
    ]);
    expect(lines.filter(({ type }) => type === 'access')).toMatchObject([{ outcome: 'failed', who: null }]);
  });

  it('has logged a line of JSON for each decision, and no URL, token or key in any', () => {
    const lines = api.log
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
    const decisions = lines.filter(({ type }) => type === 'access');
    expect(decisions).toContainEqual(
      expect.objectContaining({
        ...{ type: 'access', request: 'JKJaXmPLvHcESHA=', who: 'token farm', action: 'url', outcome: 'allowed' },
        ...{ collection: 'weights', version: '1.0.0', file: 'sub/a b.bin', rule: 'farm' },
        lifetime: expect.any(Number),
      }),
    );
    expect(new Set(decisions.map(({ who }) => who))).toEqual(
      new Set([
        ...[null, 'token farm', 'oidc ci tester', 'oidc ci other', `aws ${other}`],
        ...[
          `aws arn:aws:iam::${emulator.account}:role/trainer-7`,
          `aws arn:aws:iam::${emulator.account}:role/somebody`,
        ],
        `aws arn:aws:iam::999988887777:role/${consumer}`,
      ]),
    );
    for (const text of processes.map(({ log }) => log)) {
      expect(text).not.toMatch(/X-(?:Amz|Goog)-|https?:\/\/[^\s"]*\?|Bearer|eyJ|weighbridge_[A-Za-z0-9_-]{20}/);
      for (const secret of [place.keys.secretAccessKey, place.keys.sessionToken ?? '-', token])
        expect(text).not.toContain(secret);
    }
  });
});
