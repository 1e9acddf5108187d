import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';
import { GetObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { ulid } from 'ulid';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { inboxKey, policyKey } from '../../lib/contract/cloud/state-keys.ts';
import { lacksAwsEmulator } from '../servers/running-servers.ts';
import { borrowRole, getting, listing, outcomes, putting } from './access-attempts.ts';
import { takeRole, userOfOther } from './access-callers.ts';
import { AccessWorld, type ApiCaller, consumers, strangers } from './access-world.ts';
import { createRole } from './create-role.ts';
import type { SessionKeys } from './deployed-mirror.ts';
import { eventually } from './eventually.ts';
import { withoutPermissions } from './iam-mutation.ts';
import { readLogs } from './read-logs.ts';
import { rolePolicies } from './role-policies.ts';

const limit = { timeout: 180_000 };
const file = 'model/weights.bin';
const kinds = ['role', 'partner', 'job', 'machine'] as const;
const curl = (process.env.PATH ?? '')
  .split(delimiter)
  .map((folder) => join(folder, 'curl'))
  .find(existsSync);

/** One deployment and its access policy, in the order of their life. */
describe.skipIf(lacksAwsEmulator())('the access API of a deployment on MiniStack that evaluates IAM', () => {
  let world: AccessWorld;
  /** Whatever no log may show. */
  const secrets = new Set<string>();

  beforeAll(async () => {
    world = await AccessWorld.start();
  }, limit.timeout);

  afterAll(() => world?.stop(), limit.timeout);

  const bytes = () => world.files[file] ?? Buffer.alloc(0);

  /** A URL of which nothing may be told. */
  async function urlOf(caller: ApiCaller, name?: string, query?: string): Promise<URL> {
    return keptSecret(await world.url(caller, name, query));
  }

  function keptSecret(url: URL): URL {
    for (const name of ['X-Amz-Signature', 'X-Amz-Security-Token']) secrets.add(url.searchParams.get(name) ?? '');
    return url;
  }

  async function fetched(
    url: URL,
    init: RequestInit = {},
  ): Promise<{ readonly status: number; readonly bytes: Buffer }> {
    const answer = await fetch(url, init);
    return { status: answer.status, bytes: Buffer.from(await answer.arrayBuffer()) };
  }

  describe('before a policy was ever submitted', () => {
    it('is healthy, and gives nobody anything', limit, async () => {
      expect(await world.ask('/healthz', { by: 'AccessUrl' })).toMatchObject({
        status: 200,
        text: expect.stringContaining('weighbridge-access'),
      });
      const bearer = await world.issuer.token();
      expect(await world.ask('/registry', { by: 'AccessUrl', bearer })).toMatchObject({ status: 401 });
    });
  });

  describe('a policy', () => {
    it('comes to hold by submit', limit, async () => {
      const { report, token } = await world.grantAll();
      secrets.add(token);
      for (const { bearer, signedBy } of Object.values(world.callers ?? {}) as ApiCaller[]) {
        if (bearer !== undefined) secrets.add(bearer);
        if (signedBy?.sessionToken) secrets.add(signedBy.sessionToken).add(signedBy.secretAccessKey);
      }
      expect(report).toMatchObject({ ok: true, kind: 'policy', state: 'published', policy: { grants: 4 } });
      expect(await world.current()).toMatchObject({ attempt: report.attempt, publisher: 'weights' });
      // It knew for a while that there is none.
      await world.renewFunction();
      const { status, text } = await world.ask('/registry', world.caller('machine'));
      expect(status, text).toBe(200);
      expect(Object.keys(JSON.parse(text).collections)).toEqual(['secret-model']);
    });

    it('that does not parse, is old, or comes from another publisher changes nothing', limit, async () => {
      const held = await world.current();
      const good = await readFile(join(world.mirror.folder, world.policyFile), 'utf8');
      const [bad, old, others] = await Promise.all([
        world.putPolicy(`${good}everybody: { aws: ["${strangers}"] }\n`),
        world.putPolicy(`${good}# before\n`, 'weights', ulid(Date.parse(held.submittedAt) - 60_000)),
        world.putPolicy(`${good}# mine\n`, 'others'),
      ]);
      expect(bad).toMatchObject({
        ...{ ok: false, kind: 'policy', policy: null },
        error: { message: expect.stringContaining('everybody') },
      });
      expect(old).toMatchObject({ ok: false, state: 'superseded', policy: null });
      expect(others).toMatchObject({ ok: false, state: 'refused', policy: null });
      const ends = await Promise.all([bad, old, others].map((place) => world.mirror.execution(place)));
      // The one that took its place counts.
      expect(ends.map(({ status }) => status)).toEqual(['FAILED', 'SUCCEEDED', 'FAILED']);
      expect(await world.current()).toEqual(held);
    });
  });

  describe('who is granted a release', () => {
    it.each(kinds)('has its URLs and its bytes, by the program: a %s', limit, async (kind) => {
      const caller = world.caller(kind);
      const folder = join(world.mirror.folder, `pulled-${kind}`);
      const [url, pull] = await Promise.all([
        world.program(['url', 'secret-model@1.0.0', file], caller),
        world.program(['pull', 'secret-model', '--into', folder], caller),
      ]);
      expect(url, url.stderr).toMatchObject({ code: 0 });
      expect(await fetched(keptSecret(new URL(url.stdout.trim())))).toEqual({ status: 200, bytes: bytes() });
      expect(pull, pull.stderr).toMatchObject({ code: 0 });
      for (const [name, expected] of Object.entries(world.files)) {
        expect((await readFile(join(folder, name))).equals(expected)).toBe(true);
      }
    });

    it('is told what to look at, where AWS refuses the signature', limit, async () => {
      const variables = { AWS_ACCESS_KEY_ID: 'AKIAIOSFODNN7EXAMPLE', AWS_SECRET_ACCESS_KEY: 'k'.repeat(40) };
      const refused = await world.program(['url', 'secret-model'], { ...world.caller('role'), variables });
      expect(refused).toMatchObject({
        code: 4,
        stdout: '',
        stderr: expect.stringMatching(/execute-api:Invoke.*ConsumerRole/s),
      });
    });

    it.skipIf(curl === undefined)('has them by curl, with a token or with a signature', limit, async () => {
      const { mirror } = world;
      const address = (output: string) => {
        const { hostname, pathname } = new URL(mirror.output(output));
        // Another host than that of the bucket, as on AWS: curl takes the token no further.
        return `http://${hostname.split('.')[0]}.execute-api.localhost:${new URL(mirror.emulator.url).port}${pathname}`;
      };
      const run = async (...argv: readonly string[]) => {
        const options = { encoding: 'buffer', env: { PATH: process.env.PATH }, maxBuffer: 1 << 24 } as const;
        return (await promisify(execFile)(curl ?? '', ['-sSf', ...argv], options)).stdout;
      };
      const path = `/secret-model/1.0.0/${file}`;
      const { bearer } = world.caller('machine');
      const header = `Authorization: Bearer ${bearer}`;
      expect((await run('-L', '-H', header, `${address('AccessUrl')}${path}`)).equals(bytes())).toBe(true);
      const { accessKeyId, secretAccessKey, sessionToken } = world.caller('partner').signedBy as SessionKeys;
      const signed = [
        ...['--aws-sigv4', `aws:amz:${mirror.emulator.region}:execute-api`],
        ...['--user', `${accessKeyId}:${secretAccessKey}`, '-H', `X-Amz-Security-Token: ${sessionToken}`],
      ];
      const url = await run(...signed, `${address('IamAccessUrl')}${path}?redirect=0`);
      expect((await run(keptSecret(new URL(url.toString().trim())).href)).equals(bytes())).toBe(true);
    });

    it('is sent on by 302, and may ask for the record, for the head and for many URLs', limit, async () => {
      const caller = world.caller('role');
      const sent = await world.ask(`/secret-model/latest/release.json`, caller);
      expect(JSON.parse(sent.text)).toMatchObject({ collection: 'secret-model', version: '1.0.0' });
      const found = await world.ask(`/secret-model/1.0.0/${file}`, caller);
      expect(found.status).toBe(302);
      expect((await fetched(keptSecret(new URL(found.headers.location ?? '')))).bytes.equals(bytes())).toBe(true);
      const head = await world.ask(`/secret-model/1.0.0/${file}`, caller, 'HEAD');
      expect(head).toMatchObject({ status: 200, headers: { 'content-length': String(bytes().length) } });
    });
  });

  describe('everybody else', () => {
    const path = `/secret-model/1.0.0/${file}`;

    it('is refused: without a credential, with a wrong one, from other accounts, without a grant', limit, async () => {
      const { emulator, iam } = world.mirror;
      const role = world.caller('role').signedBy as SessionKeys;
      const owner = await userOfOther(emulator, strangers, 'owner', ['sts:AssumeRole', 'execute-api:Invoke']);
      const account = `arn:aws:iam::${emulator.account}:role`;
      await createRole(iam, 'bystander', emulator.account, []);
      await createRole(iam, 'passer-by', emulator.account, [
        { Effect: 'Allow', Action: 'execute-api:Invoke', Resource: '*' },
      ]);
      const [bystander, passer] = await Promise.all(
        ['bystander', 'passer-by'].map((name) => takeRole(emulator, `${account}/${name}`, emulator.credentials)),
      );
      const iamUrl = (signedBy?: SessionKeys) =>
        world.ask(path, { by: 'IamAccessUrl', ...(signedBy === undefined ? {} : { signedBy }) });
      const answers = {
        unsigned: await iamUrl(),
        wrongSecret: await iamUrl({ ...role, secretAccessKey: 'x'.repeat(40) }),
        wrongSession: await iamUrl({ ...role, sessionToken: 'x'.repeat(40) }),
        otherAccount: await iamUrl(owner),
        mayNotInvoke: await iamUrl(bystander),
        tokenForAws: await world.ask(path, { by: 'IamAccessUrl', bearer: world.caller('machine').bearer ?? '' }),
        nobody: await world.ask(path, { by: 'AccessUrl' }),
        signedForTokens: await world.ask(path, { by: 'AccessUrl', signedBy: role }),
        otherToken: await world.ask(path, { by: 'AccessUrl', bearer: `weighbridge_${'A'.repeat(43)}` }),
        otherAudience: await world.ask(path, {
          by: 'AccessUrl',
          bearer: await world.issuer.token({ aud: 'others' }),
        }),
        notGranted: await iamUrl(passer),
        otherBranch: await world.ask(path, {
          by: 'AccessUrl',
          bearer: await world.issuer.token({ sub: 'repo:team/app:ref:refs/heads/main-evil' }),
        }),
      };
      expect(Object.fromEntries(Object.entries(answers).map(([name, { status }]) => [name, status]))).toEqual({
        ...{ unsigned: 403, wrongSecret: 403, wrongSession: 403, otherAccount: 403, mayNotInvoke: 403 },
        ...{ tokenForAws: 403, nobody: 401, signedForTokens: 401, otherToken: 401, otherAudience: 401 },
        ...{ notGranted: 404, otherBranch: 404 },
      });
      for (const { text } of Object.values(answers)) expect(text).not.toMatch(/secret|model|X-Amz/);
      const signer = await world.role('AccessSigner');
      const refused = [
        takeRole(emulator, world.mirror.output(`ConsumerRole${consumers}`), owner),
        takeRole(emulator, `${account}/${signer}`, await world.mirror.keysOf('weights')),
        takeRole(emulator, `${account}/${signer}`, owner),
        takeRole(emulator, `${account}/${signer}`, role),
      ];
      for (const one of refused) await expect(one).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it('cannot tell what is forbidden from what does not exist', limit, async () => {
      const asked = (at: string, kind: (typeof kinds)[number]) => world.ask(at, world.caller(kind));
      for (const kind of ['partner', 'machine'] as const) {
        const [forbidden, ...unknown] = await Promise.all([
          asked(`/secret-plans/1.0.0/${file}`, kind),
          asked(`/secret-paper/1.0.0/${file}`, kind),
          asked('/secret-plans/9.9.9/other.bin', kind),
        ]);
        for (const other of unknown) {
          const told = ({ headers: { date: _, ...headers }, ...rest }: typeof other) => ({
            ...rest,
            headers: Object.fromEntries(Object.entries(headers).filter(([name]) => !name.includes('request'))),
          });
          expect(told(other)).toEqual(told(forbidden));
        }
        expect(forbidden.status).toBe(404);
      }
    });
  });

  describe('a URL', () => {
    it('is good for exactly its object, its version, its method and its time', limit, async () => {
      const url = await urlOf(world.caller('machine'));
      const other = await urlOf(world.caller('machine'), 'config.json');
      const changed = (change: (url: URL) => void) => {
        const copy = new URL(url);
        change(copy);
        return fetched(copy);
      };
      const version = other.searchParams.get('versionId') ?? '';
      const ways = [
        changed(({ searchParams }) => searchParams.set('X-Amz-Signature', 'ab'.repeat(32))),
        changed(({ searchParams }) => searchParams.set('X-Amz-Expires', '3599')),
        changed(({ searchParams }) => searchParams.set('versionId', version)),
        changed(({ searchParams }) => searchParams.delete('versionId')),
        changed((copy) => {
          copy.pathname = other.pathname;
        }),
        changed((copy) => {
          copy.pathname = copy.pathname.replace(file, 'release.json');
        }),
        fetched(url, { method: 'PUT', body: 'x' }),
        fetched(url, { method: 'DELETE' }),
        fetched(url, { method: 'HEAD' }),
      ];
      expect(new Set((await Promise.all(ways)).map(({ status }) => status))).toEqual(new Set([403]));
      // By the emulator's own words a token that is no good; AWS calls the key one of nobody.
      const bare = await changed(({ searchParams }) => searchParams.delete('X-Amz-Security-Token'));
      expect([400, 403]).toContain(bare.status);
      expect(await fetched(url, { headers: { range: 'bytes=10-19' } })).toEqual({
        status: 206,
        bytes: bytes().subarray(10, 20),
      });
      const short = await urlOf(world.caller('machine'), file, '&expiresIn=5');
      expect(Number(short.searchParams.get('X-Amz-Expires'))).toBe(5);
      expect(await fetched(short)).toMatchObject({ status: 200 });
      await sleep(6500);
      expect(await fetched(short)).toMatchObject({ status: 403 });
      // The grant allows no more.
      expect((await urlOf(world.caller('machine'), file, '&expiresIn=3600')).searchParams.get('X-Amz-Expires')).toBe(
        '600',
      );
    });

    it('gives what was published, also when something else lies on top of it', limit, async () => {
      const at = { Bucket: world.mirror.bucket('private'), Key: 'secret-model/1.0.0/config.json' };
      await world.mirror.s3.send(new PutObjectCommand({ ...at, Body: '{"kept":"no"}\n' }));
      const { bytes: found } = await fetched(await urlOf(world.caller('job'), 'config.json'));
      expect(found).toEqual(world.files['config.json']);
    });
  });

  describe('the roles', () => {
    const denied = (names: readonly string[]) => Object.fromEntries(names.map((name) => [name, 'AccessDenied']));

    it('sign and do no more, ask and do no more, read records and no more', limit, async () => {
      const { mirror } = world;
      const [secret, state, open] = [mirror.bucket('private'), mirror.bucket('state'), mirror.bucket('public')];
      const artifactKey = `secret-model/1.0.0/${file}`;
      const session = async (part: string) => await borrowRole(mirror.emulator, mirror.iam, await world.role(part));
      const version = (await urlOf(world.caller('role'))).searchParams.get('versionId') ?? '';
      const inbox = inboxKey('weights', 'private', 'ab'.repeat(32));
      for (const Key of [inbox, 'working/x.json']) {
        await mirror.s3.send(new PutObjectCommand({ Bucket: state, Key, Body: 'x' }));
      }
      const [submission = ''] = await mirror.keys('state', 'submissions/');
      const [report = ''] = await mirror.keys('state', 'reports/');

      const foreign = {
        'write private': putting(secret, 'x'),
        'write state': putting(state, policyKey),
        'list public': listing(open),
      };
      expect(
        await outcomes(mirror.emulator, await session('AccessSigner'), {
          'a version': getting(secret, artifactKey, version),
          'without a version': getting(secret, artifactKey),
          'list private': listing(secret),
          'read the policy': getting(state, policyKey),
          'read public': getting(open, 'registry.json'),
          registry: getting(secret, 'registry.json'),
          ...foreign,
        }),
      ).toEqual({
        'a version': 'ok',
        ...denied(['without a version', 'list private', 'read the policy', 'read public', 'registry']),
        ...denied(Object.keys(foreign)),
      });
      const states = { inbox, work: 'working/x.json', submission, report };
      expect(
        await outcomes(mirror.emulator, await session('AccessFunctionRole'), {
          'read the policy': getting(state, policyKey),
          record: getting(secret, 'secret-model/1.0.0/release.json'),
          registry: getting(secret, 'registry.json'),
          artifact: getting(secret, artifactKey),
          'version of an artifact': getting(secret, artifactKey, version),
          'read public': getting(open, 'registry.json'),
          ...Object.fromEntries(Object.entries(states).map(([name, key]) => [name, getting(state, key)])),
          ...foreign,
        }),
      ).toEqual({
        ...{ 'read the policy': 'ok', record: 'ok', registry: 'ok' },
        ...denied([
          'artifact',
          'version of an artifact',
          'read public',
          ...Object.keys(states),
          ...Object.keys(foreign),
        ]),
      });
      const policy = { 'read the policy': getting(state, policyKey), 'write the policy': putting(state, policyKey) };
      for (const publisher of ['weights', 'others']) {
        const keys = await mirror.keysOf(publisher);
        expect(await outcomes(mirror.emulator, keys, policy)).toEqual(denied(Object.keys(policy)));
      }
      const partner = world.caller('partner').signedBy as SessionKeys;
      const asks = {
        'read private': getting(secret, artifactKey, version),
        'list private': listing(secret),
        ...foreign,
      };
      expect(await outcomes(mirror.emulator, partner, asks)).toEqual(denied(Object.keys(asks)));
      expect(await world.ask('/registry', world.caller('partner'), 'DELETE')).toMatchObject({ status: 403 });
      const signer = await world.role('AccessSigner');
      const taken = takeRole(mirror.emulator, `arn:aws:iam::${mirror.emulator.account}:role/${signer}`, partner);
      await expect(taken).rejects.toMatchObject({ name: 'AccessDenied' });
    });

    it.each([
      ['read the policy', 'AccessFunctionRole', 's3:GetObject', `/${policyKey}`],
      ['read records', 'AccessFunctionRole', 's3:GetObject', '/objects.json'],
      ['take the role that signs', 'AccessFunctionRole', 'sts:AssumeRole', ''],
      ['read what it signs', 'AccessSigner', 's3:GetObjectVersion', ''],
    ])('are of no use without the right to %s', limit, async (_, part, action, resource) => {
      const { iam } = world.mirror;
      const role = await world.role(part);
      const [policy] = await rolePolicies(iam, role);
      if (policy === undefined) throw new Error(`${role} has no policy`);
      const isTaken = (one: string, on: string) => one === action && on.endsWith(resource);
      // What is left may not be nothing.
      const harmless = { Effect: 'Allow', Action: 's3:GetObject', Resource: 'arn:aws:s3:::nothing/*' } as const;
      const kept = { ...policy, statements: [...policy.statements, harmless] };
      const putBack = await withoutPermissions(iam, kept, isTaken);
      try {
        // It keeps records and credentials as long as it lives.
        await world.renewFunction();
        const { status, text } = await world.ask(`/secret-model/1.0.0/${file}?redirect=0`, world.caller('role'));
        if (part === 'AccessSigner') {
          expect(status, text).toBe(200);
          expect(await fetched(keptSecret(new URL(text)))).toMatchObject({ status: 403 });
        } else {
          expect({ status, text }).toEqual({ status: 503, text: expect.stringContaining('"Unavailable"') });
        }
      } finally {
        await putBack();
      }
    });
  });

  describe('its log', () => {
    it('has a line for each decision: who, what, the outcome, by which grant', limit, async () => {
      const lines = (await readLogs(world.mirror.logs)).flatMap((line) => (line.includes('"access"') ? [line] : []));
      const decisions = lines.map((line) => JSON.parse(line.slice(line.indexOf('{'))));
      const about = { collection: 'secret-model', version: '1.0.0' };
      for (const kind of kinds) {
        const { who, rule } = world.caller(kind);
        expect(decisions).toContainEqual(
          expect.objectContaining({ type: 'access', ...about, who, rule, outcome: 'allowed' }),
        );
      }
      expect(decisions).toContainEqual(
        expect.objectContaining({
          ...about,
          action: 'url',
          file,
          who: world.caller('role').who,
          lifetime: expect.any(Number),
        }),
      );
      const refusals = [
        { who: null, outcome: 'unauthenticated', rule: null },
        { who: world.caller('machine').who, outcome: 'denied', rule: null, collection: 'secret-plans' },
        { who: expect.stringMatching(/role\/passer-by$/), outcome: 'denied', rule: null },
      ];
      for (const one of refusals) expect(decisions).toContainEqual(expect.objectContaining(one));
      expect(decisions.every(({ request }) => typeof request === 'string' && request !== '')).toBe(true);
    });
  });

  describe('what is taken back', () => {
    it('is refused within half a minute, and a URL given out before lives to its end', limit, async () => {
      const partner = world.caller('partner');
      const before = await urlOf(partner);
      const path = join(world.mirror.folder, world.policyFile);
      const text = await readFile(path, 'utf8');
      const without = text.replace(/^ {2}for-partners:\n(?: {4}.*\n)+/m, '');
      expect(without).not.toBe(text);
      await writeFile(path, without);
      expect(await world.submitPolicy()).toMatchObject({ ok: true, state: 'published', policy: { grants: 3 } });
      const refused = await eventually(
        'a refusal',
        async () => {
          const answer = await world.ask(`/secret-model/1.0.0/${file}?redirect=0`, partner);
          return answer.status === 200 ? undefined : answer;
        },
        { seconds: 30, everyMs: 500 },
      );
      expect(refused.status).toBe(404);
      expect(await fetched(before)).toEqual({ status: 200, bytes: bytes() });
      // Whoever was not meant goes on.
      expect((await urlOf(world.caller('machine'))).search).toContain('X-Amz-Signature');
    });
  });

  it('leaves no credential in any log, report or message', limit, async () => {
    const { mirror } = world;
    const reports = await Promise.all(
      (await mirror.keys('state', 'reports/')).map(async (Key) => {
        const { Body } = await mirror.s3.send(new GetObjectCommand({ Bucket: mirror.bucket('state'), Key }));
        return await Body?.transformToString();
      }),
    );
    const logs = await readLogs(mirror.logs);
    expect(logs.length).toBeGreaterThan(50);
    expect(reports.length).toBeGreaterThan(4);
    secrets.delete('');
    expect(secrets.size).toBeGreaterThan(10);
    const told = [...logs, ...reports].join('\n');
    expect(told).not.toMatch(
      /X-Amz-(?:Signature|Credential|Security-Token)|authorization["']?\s*:|Bearer |weighbridge_[\w-]{43}/i,
    );
    for (const secret of secrets) expect(told.includes(secret), `${secret.slice(0, 6)}… in a log`).toBe(false);
  });
});
