import { chmod, readFile, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { newMirrorToken } from '../../lib/core/access/policy/mirror-token.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { grantAll, type PrivateApi, policyOf, privateApi } from '../fixtures/private-api.ts';
import { serving } from '../fixtures/serving.ts';
import { type SignedStore, signedStore } from '../fixtures/signed-store.ts';
import { breakAfter } from '../fixtures/unruly-server.ts';
import { runMain } from './run-main.ts';

const weights = sampleBytes(3_000_000, 'weights');

let root: string;
let store: SignedStore;
let api: PrivateApi;
let cwd: string;

beforeEach(async () => {
  const files = { 'a b.bin': weights, 'config.json': '{}' };
  const aliases = { 'config.json': ['settings'] };
  ({ root } = await layOutMirror(
    [
      { collection: 'weights', version: '1.0.0', files: { 'old.bin': 'old' } },
      { collection: 'weights', version: '1.1.0', files, aliases },
      { collection: 'secret', version: '1.0.0', files: { 'x.bin': 'x' } },
    ],
    { access: 'private' },
  ));
  store = await signedStore(root);
  api = await privateApi([store]);
  cwd = await temporaryFolder();
});

/** As somebody who has no more than these variables. */
function run(args: readonly string[], variables: Record<string, string> = { WEIGHBRIDGE_TOKEN: api.token }) {
  const usual = { NETRC: join(cwd, 'netrc'), WEIGHBRIDGE_CACHE: join(cwd, 'cache'), DEBUG: 'weighbridge' };
  return runMain([...args, '--trust-origin', store.origin], { cwd, variables: { ...usual, ...variables } });
}

function expectNoSecrets(text: string): void {
  for (const secret of [api.token, ...store.signatures]) expect(text).not.toContain(secret);
}

const from = () => ['--from', api.url];

describe('pull from an access API', () => {
  test('brings the latest version that is granted, and shows neither token nor URL', async () => {
    api.policy = policyOf([api.token], grantAll({ versions: '<1.1.0' }));
    const old = await run(['pull', 'weights', '--into', 'old', ...from(), '--progress', 'json']);
    expect(old).toMatchObject({ code: 0, stdout: expect.stringContaining('weights@1.0.0: 1 of 1 file proven') });
    api.policy = policyOf([api.token], grantAll());
    const { code, stdout, stderr } = await run([
      'pull',
      'weights',
      '--into',
      'out',
      ...from(),
      '--json',
      '--progress',
      'json',
    ]);
    expect(code).toBe(0);
    expect(JSON.parse(stdout)).toMatchObject({ ok: true, release: 'weights@1.1.0', from: api.url });
    expect((await readFile(join(cwd, 'out/a b.bin'))).equals(weights)).toBe(true);
    expectNoSecrets(stdout + stderr + old.stdout + old.stderr);
  });

  test('is what WEIGHBRIDGE_API names, for ls and url too', async () => {
    const variables = { WEIGHBRIDGE_TOKEN: api.token, WEIGHBRIDGE_API: api.url };
    expect((await run(['pull', 'weights', 'settings'], variables)).stdout).toMatch(/config\.json\n$/);
    const { stdout } = await run(['ls'], variables);
    expect(stdout).toContain('weights@1.1.0');
    expect(stdout).not.toContain('secret');
    expect((await run(['url', 'weights', 'settings'], variables)).stdout).toMatch(/^http:.*\n$/);
    const elsewhere = (await layOutMirror([{ collection: 'open', version: '1.0.0', files: { a: 'a' } }])).url;
    expect((await run(['ls', '--from', elsewhere], variables)).stdout).toContain('open@1.0.0');
    const wrong = await run(['ls'], { ...variables, WEIGHBRIDGE_API: `${await serving(elsewhere.slice(5))}v1` });
    expect(wrong).toMatchObject({ code: 5, stderr: expect.stringContaining('no access API answers') });
    expect(await run(['ls'], { ...variables, WEIGHBRIDGE_API: 'https://weights.example' })).toMatchObject({ code: 2 });
  });

  test('says 4 without a credential and with one that is not known, and which one that was', async () => {
    const without = await run(['pull', 'weights', ...from()], {});
    expect(without).toMatchObject({ code: 4, stderr: expect.stringContaining('there is no credential for') });
    expect(without.stderr).toContain('WEIGHBRIDGE_TOKEN_FILE');
    expect(api.log).toEqual(['GET /v1/healthz 200']);
    const unknown = newMirrorToken();
    const refused = await run(['pull', 'weights', ...from()], { WEIGHBRIDGE_TOKEN: unknown });
    expect(refused).toMatchObject({
      code: 4,
      stderr: expect.stringContaining('refuses the token of WEIGHBRIDGE_TOKEN'),
    });
    expect(refused.stderr).not.toContain(unknown);
  });

  test('says 5 for what is not there, or not the caller’s, in the same words', async () => {
    const [secret, nothing] = [await run(['pull', 'secret', ...from()]), await run(['pull', 'nothing', ...from()])];
    expect([secret.code, nothing.code]).toEqual([5, 5]);
    expect(secret.stderr).toContain('not there, or not yours');
    expect(secret.stderr.replaceAll('secret', 'NAME')).toBe(nothing.stderr.replaceAll('nothing', 'NAME'));
  });

  test('tells of a grant that covers some files alone how to fetch those', async () => {
    api.policy = policyOf([api.token], grantAll({ files: ['*.json'] }));
    const all = await run(['pull', 'weights', '--into', 'out', ...from()]);
    expect(all).toMatchObject({ code: 1, stdout: expect.stringContaining('1 of 2 files proven') });
    expect(all.stderr).toContain('weighbridge url weights@1.1.0 lists them');
    expect(await run(['pull', 'weights', 'config.json', '--into', 'out', ...from()])).toMatchObject({ code: 0 });
    const one = await run(['pull', 'weights', 'a b.bin', '--into', 'out', ...from()]);
    expect(one).toMatchObject({ code: 5, stderr: expect.stringContaining('not there, or not yours') });
    expect((await run(['url', 'weights', 'a b.bin', ...from()])).code).toBe(5);
  });

  test('that is revoked on the way ends with 4, and goes on when it is granted again', async () => {
    store.misbehave(
      'weights/1.1.0/a b.bin',
      (response, bytes, request) => {
        store.endUrls();
        api.policy = policyOf([], grantAll());
        breakAfter(2_000_000)(response, bytes, request);
      },
      1,
    );
    const pull = ['pull', 'weights', 'a b.bin', '--into', 'out', ...from(), '--json'];
    const revoked = await run(pull);
    expect(revoked.code).toBe(4);
    expect(JSON.parse(revoked.stdout).files[0].reason).toContain('refuses the token of WEIGHBRIDGE_TOKEN');
    const renewed = newMirrorToken();
    api.policy = policyOf([renewed], grantAll());
    const again = await run(pull, { WEIGHBRIDGE_TOKEN: renewed });
    expect(again.code).toBe(0);
    expect(JSON.parse(again.stdout).bytesFetched).toBeLessThan(2_000_000);
    expectNoSecrets(revoked.stdout + revoked.stderr + again.stdout);
  });
});

describe('who asks the access API', () => {
  test.each<[string, (token: string) => Promise<Record<string, string>>, boolean]>([
    [
      'WEIGHBRIDGE_TOKEN first',
      async (token) => ({ WEIGHBRIDGE_TOKEN: token, WEIGHBRIDGE_TOKEN_FILE: 'nothing' }),
      true,
    ],
    [
      'the file of WEIGHBRIDGE_TOKEN_FILE',
      async (token) => ({ WEIGHBRIDGE_TOKEN_FILE: await written('token', `${token}\n`) }),
      true,
    ],
    [
      'the netrc entry of its host',
      async (token) => ({ NETRC: await written('netrc', `machine 127.0.0.1 login t password ${token}`) }),
      true,
    ],
    ['the identity token of a variable', async (token) => ({ WEIGHBRIDGE_ID_TOKEN: token }), true],
    [
      'nobody, by the entry of another host',
      async (token) => ({ NETRC: await written('netrc', `machine localhost login t password ${token}`) }),
      false,
    ],
  ])('is %s', async (_, variables, good) => {
    expect((await run(['ls', ...from()], await variables(api.token))).code).toBe(good ? 0 : 4);
  });

  async function written(name: string, text: string): Promise<string> {
    await writeFile(join(cwd, name), text, { mode: 0o600 });
    return join(cwd, name);
  }

  test('is not an entry that others can read', async () => {
    const NETRC = await written('netrc', `machine 127.0.0.1 login t password ${api.token}`);
    await chmod(NETRC, 0o644);
    const { code, stderr } = await run(['ls', ...from()], { NETRC });
    expect(code).toBe(4);
    expect(stderr).toContain('others than you can read the file (mode 644)');
    expect(stderr).toContain('chmod 600');
    expectNoSecrets(stderr);
  });

  test('in GitHub Actions is the job, by a token for this API alone', async () => {
    const asked: string[] = [];
    const issuer = createServer((request, response) => {
      asked.push(`${request.headers.authorization} ${request.url}`);
      response.end(JSON.stringify({ value: api.token }));
    });
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => new Promise<void>((resolve) => void issuer.close(() => resolve()).closeAllConnections()));
    const runner = {
      ACTIONS_ID_TOKEN_REQUEST_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/id?v=2`,
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-the-runner',
    };
    const first = await run(['ls', ...from()], runner);
    expect(first.code).toBe(0);
    expect((await run(['ls', ...from()], { ...runner, WEIGHBRIDGE_AUDIENCE: 'weights' })).code).toBe(0);
    const origin = encodeURIComponent(new URL(api.url).origin);
    expect(asked[0]).toBe(`Bearer of-the-runner /id?v=2&audience=${origin}`);
    expect(asked.at(-1)).toBe('Bearer of-the-runner /id?v=2&audience=weights');
    expectNoSecrets(first.stdout + first.stderr);
  });

  test('below /iam/v1 is an AWS principal, whatever tokens there are', async () => {
    const signed: (string | null)[] = [];
    api.intercept = (request) => {
      if (!request.url.includes('/iam/')) return undefined;
      signed.push(request.headers.get('authorization'));
      return new Response('{}', { status: 403 });
    };
    const keys = { AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE', AWS_SECRET_ACCESS_KEY: 'not-to-be-seen', AWS_REGION: 'eu-west-1' };
    const iam = api.url.replace('/v1', '/iam/v1');
    const { code, stderr } = await run(['ls', '--from', iam], { ...keys, WEIGHBRIDGE_TOKEN: api.token });
    expect(code).toBe(4);
    expect(stderr).toContain('refuses the AWS keys of the environment (HTTP 403)');
    expect(signed).toHaveLength(1);
    expect(signed[0]).toMatch(
      /^AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE\/\d{8}\/eu-west-1\/execute-api\/aws4_request, /,
    );
    expect(stderr).not.toContain('not-to-be-seen');
    const { AWS_REGION: _, ...regionless } = keys;
    expect(await run(['ls', '--from', iam], { ...regionless, AWS_CONFIG_FILE: '/nothing' })).toMatchObject({ code: 2 });
  });
});

describe('url', () => {
  test('prints one URL a line in the order of the files, each of which gives its file', async () => {
    const { code, stdout, stderr } = await run([
      'url',
      'weights',
      'config.json',
      'a b.bin',
      '--expires',
      '5m',
      ...from(),
    ]);
    expect(code).toBe(0);
    const urls = stdout.trimEnd().split('\n');
    expect(urls).toHaveLength(2);
    expect(await (await fetch(urls[0] as string)).text()).toBe('{}');
    expect(Buffer.from(await (await fetch(urls[1] as string)).arrayBuffer()).equals(weights)).toBe(true);
    expect(stderr).toMatch(/^the 2 URLs are good until 20\S+Z, \S.* from now\n$/);
    expectNoSecrets(stderr);
  });

  test('says in JSON what proves the bytes, and when it ends', async () => {
    const before = Date.now();
    const { stdout } = await run(['url', 'weights@1.1.0', '--json', ...from()]);
    const { release, urls } = JSON.parse(stdout);
    expect(release).toBe('weights@1.1.0');
    expect(urls.map(({ file, size, store }: never) => [file, size, store])).toEqual([
      ['a b.bin', 3_000_000, 's3'],
      ['config.json', 2, 's3'],
    ]);
    for (const { sha256, expiresAt, url } of urls) {
      expect(sha256).toMatch(/^[0-9a-f]{64}$/);
      expect(Date.parse(expiresAt) - before).toBeGreaterThan(890_000);
      expect(Date.parse(expiresAt) - before).toBeLessThan(960_000);
      expect(store.signatures.some((signature) => url.includes(signature))).toBe(true);
    }
  });

  test('of a release of which some files are granted prints those, and says so', async () => {
    api.policy = policyOf([api.token], grantAll({ files: ['config.json'] }));
    const { code, stdout, stderr } = await run(['url', 'weights', ...from()]);
    expect(code).toBe(0);
    expect(stdout.trimEnd().split('\n')).toHaveLength(1);
    expect(stderr).toContain('1 of 2 files are yours to read');
    expect(await run(['url', 'weights', 'a b.bin', ...from()])).toMatchObject({
      code: 5,
      stdout: '',
      stderr: expect.stringContaining('a b.bin of weights@1.1.0'),
    });
  });

  test('refuses what cannot sign, and says what can', async () => {
    const open = await layOutMirror([{ collection: 'weights', version: '1.0.0', files: { a: 'a' } }]);
    const refusals: [readonly string[], string][] = [
      [['--from', `file:${root}`], 'weighbridge serve --private-store'],
      [['--from', await serving(open.root)], 'is a plain mirror: its files need no signed URL'],
      [[], 'Name an access API or a bucket with --from'],
    ];
    for (const [where, words] of refusals) {
      expect(await run(['url', 'weights', ...where])).toMatchObject({
        code: 2,
        stderr: expect.stringContaining(words),
      });
    }
    expect((await run(['url', 'weights', 'nothing', ...from()])).code).toBe(5);
    expect((await run(['url', 'weights', '--expires', 'soon', ...from()])).code).toBe(2);
  });
});
