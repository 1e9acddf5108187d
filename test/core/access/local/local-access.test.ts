import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import type { AccessDecision } from '../../../../lib/core/access/access-ports.ts';
import { createAuthenticator } from '../../../../lib/core/access/authenticate/create-authenticator.ts';
import { localAccess } from '../../../../lib/core/access/local/local-access.ts';
import { PolicyFile } from '../../../../lib/core/access/local/policy-file.ts';
import { newMirrorToken, tokenDigest } from '../../../../lib/core/access/policy/mirror-token.ts';
import { parsePolicy } from '../../../../lib/core/access/policy/parse-policy.ts';
import { urlsAnswerSchema } from '../../../../lib/core/access/wire.ts';
import { createHttpClient } from '../../../../lib/core/http/create-http-client.ts';
import { byPath } from '../../../../lib/core/serve/by-path.ts';
import { mirrorApp } from '../../../../lib/core/serve/mirror-app.ts';
import { startServer } from '../../../../lib/core/serve/start-server.ts';
import { DirectoryStore } from '../../../../lib/core/stores/directory-store.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../../../fixtures/mirror.ts';
import { readerOf } from '../../../fixtures/open-store-mirror.ts';
import { ask } from '../../../fixtures/serving.ts';
import { HeldClock } from './held-clock.ts';

const model = sampleBytes(200_000, 'model');
const token = newMirrorToken();
const bearer = { authorization: `Bearer ${token}` };
const file = '/v1/weights/1.0.0/sub/model.bin';

let clock: HeldClock;
let policyPath: string;
let base: string;
let decisions: AccessDecision[];
let root: string;

function policyText(collections: string, lifetime = '15m'): string {
  return [
    'weighbridgeAccess: 1',
    'principals:',
    `  laptop: { tokens: [ { sha256: ${tokenDigest(token)}, expires: "2099-12-31" } ] }`,
    'grants:',
    `  all: { to: [ laptop ], collections: [ "${collections}" ], maximumLifetime: ${lifetime} }`,
    '',
  ].join('\n');
}

beforeEach(async () => {
  const hidden = await layOutMirror(
    [{ collection: 'weights', version: '1.0.0', files: { 'sub/model.bin': model, 'config.json': '{}' } }],
    { access: 'private' },
  );
  const open = await layOutMirror([{ collection: 'open', version: '1.0.0', files: { 'a.bin': 'aaa' } }]);
  root = hidden.root;
  clock = new HeldClock();
  decisions = [];
  policyPath = join(await temporaryFolder(), 'access.yaml');
  await writeFile(policyPath, policyText('weights'));
  const policies = await PolicyFile.open({
    path: policyPath,
    clock,
    parse: (bytes) => parsePolicy(bytes, { file: 'access.yaml' }).policy,
    onTrouble() {},
    onTaken() {},
  });
  const http = createHttpClient({ userAgent: 'weighbridge/test' });
  onTestFinished(() => http.close());
  const mounted = localAccess({
    store: new DirectoryStore({ url: hidden.url, root }),
    reader: readerOf(root),
    policies,
    authenticator: createAuthenticator({ http, clock }),
    audit: { record: (decision) => decisions.push(decision) },
    clock,
    newRequestId: () => 'r',
    base: () => base.replace('127.0.0.1', 'localhost'),
  });
  const server = await startServer(byPath(mounted, mirrorApp(readerOf(open.root))), '127.0.0.1', 0);
  onTestFinished(() => server.stop(0));
  base = server.url;
});

/** What to ask the server of this test for; a client finds it by another of its names. */
function targetOf(url: string): string {
  const { origin, pathname, search } = new URL(url);
  expect(origin).toBe(new URL(base).origin.replace('127.0.0.1', 'localhost'));
  expect(pathname.startsWith('/v1/~signed/')).toBe(true);
  return pathname + search;
}

/** The target of the URL that a request for a file is sent on to. */
async function location(headers: Record<string, string> = bearer): Promise<string> {
  const { status, headers: got } = await ask(base, file, headers);
  expect(status).toBe(302);
  const url = String(got.location);
  return targetOf(url);
}

describe('private weights on one machine', () => {
  test('come by a redirect to a URL that needs no header, beside a public mirror', async () => {
    expect((await ask(base, await location())).body.equals(model)).toBe(true);
    expect((await ask(base, '/open/1.0.0/a.bin')).body.toString()).toBe('aaa');
    expect((await ask(base, '/weights/1.0.0/config.json')).status).toBe(404);
    expect((await ask(base, '/v1/open/1.0.0/a.bin', bearer)).status).toBe(404);
    expect(JSON.parse((await ask(base, '/v1/healthz')).body.toString())).toMatchObject({ ok: true });
  });

  test('are given to a token as Bearer and as the password of Basic, and to nobody else', async () => {
    const basic = (user: string) => `Basic ${Buffer.from(`${user}:${token}`).toString('base64')}`;
    for (const authorization of [`Bearer ${token}`, `bearer ${token}`, basic('token')]) {
      expect((await ask(base, await location({ authorization }))).status).toBe(200);
    }
    for (const authorization of [`Bearer ${newMirrorToken()}`, `Bearer ${token}x`, 'Basic x', token, 'Digest x']) {
      expect((await ask(base, file, { authorization })).status).toBe(401);
    }
    expect((await ask(base, file)).status).toBe(401);
  });

  test('are refused where a client sends its header on, as S3 would', async () => {
    expect((await ask(base, await location(), bearer)).status).toBe(400);
    const text = await ask(base, `${file}?redirect=0`, bearer);
    const url = text.body.toString().trim();
    expect((await ask(base, targetOf(url))).body.equals(model)).toBe(true);
  });

  test('are described by HEAD, with their true length', async () => {
    const { status, headers } = await ask(base, file, bearer, 'HEAD');
    expect([status, headers['content-length'], headers.location]).toEqual([200, '200000', undefined]);
  });

  test('are signed for the address of the server, whatever the Host header and a forwarded host say', async () => {
    const hostile = { ...bearer, host: 'evil.example', 'x-forwarded-host': 'evil.example', forwarded: 'host=evil' };
    expect(await location(hostile)).toMatch(/^\/v1\/~signed\/weights\//);
    expect((await ask(base, '/v1/~signed/x', { host: 'evil.example' })).body.toString()).not.toContain('evil');
  });

  test('are signed together in one call, each to end when the answer says', async () => {
    const sent = await fetch(`${base}v1/urls`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body: JSON.stringify({ collection: 'weights', version: 'latest', expiresIn: 60 }),
    });
    const { urls, store } = urlsAnswerSchema.parse(await sent.json());
    expect([store, urls.length]).toEqual(['directory', 2]);
    clock.pass(59);
    for (const { url, size } of urls) expect((await (await fetch(url)).arrayBuffer()).byteLength).toBe(size);
    clock.pass(1);
    for (const { url, expiresAt } of urls) {
      expect(Date.parse(expiresAt)).toBeLessThanOrEqual(clock.now().getTime());
      expect((await fetch(url)).status).toBe(403);
    }
  });
});

describe('a changed policy', () => {
  test('gives no new URL half a minute after a grant was revoked; old ones live to the end that was told', async () => {
    const old = await location();
    await writeFile(policyPath, policyText('other'));
    clock.pass(30);
    const refused = await ask(base, file, bearer);
    const unknown = await ask(base, '/v1/nothing/1.0.0/sub/model.bin', bearer);
    expect(refused.status).toBe(404);
    expect([refused.body.toString(), { ...refused.headers, date: '' }]).toEqual([
      unknown.body.toString(),
      { ...unknown.headers, date: '' },
    ]);
    expect((await ask(base, old)).status).toBe(200);
    clock.pass(869);
    expect((await ask(base, old)).status).toBe(200);
    clock.pass(1);
    expect((await ask(base, old)).status).toBe(403);
  });

  test('shortens what is signed from then on, and grants what it grants', async () => {
    await writeFile(policyPath, policyText('other'));
    clock.pass(2);
    expect((await ask(base, file, bearer)).status).toBe(404);
    await writeFile(policyPath, policyText('w*', '10s'));
    clock.pass(2);
    const target = await location();
    clock.pass(10);
    expect((await ask(base, target)).status).toBe(403);
  });

  test('changes nothing when it is no good, and takes everything when it is gone for long', async () => {
    await writeFile(policyPath, 'weighbridgeAccess: 1\ngrants: { all: { to: [ nobody ] } }\n');
    clock.pass(300);
    expect((await ask(base, await location())).status).toBe(200);
    await rm(policyPath);
    clock.pass(31);
    expect((await ask(base, file, bearer)).status).toBe(401);
  });
});

test('two hundred callers at once are all served, and the audit names neither a token nor a URL', async () => {
  const answers = await Promise.all(
    Array.from({ length: 200 }, async (_, number) => {
      if (number % 4 === 3) return (await ask(base, file, { authorization: `Bearer ${newMirrorToken()}` })).status;
      return (await ask(base, await location())).body.equals(model);
    }),
  );
  expect(answers.filter((answer) => answer === true)).toHaveLength(150);
  expect(answers.filter((answer) => answer === 401)).toHaveLength(50);
  expect(decisions.filter(({ outcome, who }) => outcome === 'allowed' && who === 'token laptop')).toHaveLength(150);
  expect(decisions.filter(({ outcome, who }) => outcome === 'unauthenticated' && who === null)).toHaveLength(50);
  expect(JSON.stringify(decisions)).not.toMatch(/weighbridge_|signature|https?:|~signed/);
  expect(JSON.stringify(decisions)).not.toContain(root);
});
