import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { plainAnswer } from '../upstream/answer.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';
import { type MainResult, runMain } from './run-main.ts';

const weights = Buffer.alloc(300_000, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
const secret = 'models-s3cret';

let cwd: string;
let upstream: Upstream;
let elsewhere: Upstream;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-credentials-'));
  upstream = await startUpstream();
  elsewhere = await startUpstream();
  upstream.put('/model', weights);
  elsewhere.put('/model', weights);
});

afterEach(async () => {
  await upstream.close();
  await elsewhere.close();
  await rm(cwd, { recursive: true, force: true });
});

/** Everybody without the right header is refused. */
function guard(): void {
  upstream.mount(({ headers }) =>
    headers.authorization === `Bearer ${secret}` ? undefined : plainAnswer(401, 'who are you?'),
  );
}

async function configure(entry: string): Promise<void> {
  const text = [
    `trustedOrigins: [ "${upstream.origin}", "${elsewhere.origin}" ]`,
    'credentials:',
    `  ${upstream.origin}: ${entry}`,
  ];
  await writeFile(join(cwd, 'weighbridge.yaml'), `${text.join('\n')}\n`);
}

async function stage(access: string, url: string, variables: Record<string, string> = {}): Promise<MainResult> {
  const lines = ['weighbridge: 1', 'collection: c', 'version: 1.0.0', `access: ${access}`, 'artifacts:'];
  lines.push('  - id: w', '    kind: checkpoint', '    file: w.bin', `    source: ${url}`, `    sha256: ${sha256}`);
  await writeFile(join(cwd, 'm.yaml'), `${lines.join('\n')}\n`);
  const result = await runMain(['stage', 'm.yaml'], { cwd, variables });
  expect(result.stdout + result.stderr).not.toContain(secret);
  for (const entry of await readdir(cwd, { recursive: true, withFileTypes: true })) {
    if (entry.isFile()) expect(await readFile(join(entry.parentPath, entry.name), 'latin1')).not.toContain(secret);
  }
  return result;
}

const sent = (server: Upstream, header = 'authorization') => server.requests.map(({ headers }) => headers[header]);

describe('a credential that weighbridge.yaml gives to an origin', () => {
  it('goes there, as the whole value or behind its scheme, and is recorded nowhere', async () => {
    guard();
    await configure('{ env: MODELS_TOKEN, scheme: Bearer }');
    expect(await stage('private', upstream.url('/model'), { MODELS_TOKEN: secret })).toMatchObject({ code: 0 });
    await configure('{ env: MODELS_HEADER }');
    await rm(join(cwd, 'mirror-private'), { recursive: true });
    const whole = { MODELS_HEADER: `Bearer ${secret}` };
    expect(await stage('private', upstream.url('/model'), whole)).toMatchObject({ code: 0 });
    expect(new Set(sent(upstream))).toEqual(new Set([`Bearer ${secret}`]));
  });

  it('goes there in the header that is named', async () => {
    await configure('{ header: X-Api-Key, env: MODELS_TOKEN }');
    expect(await stage('private', upstream.url('/model'), { MODELS_TOKEN: secret })).toMatchObject({ code: 0 });
    expect(new Set(sent(upstream, 'x-api-key'))).toEqual(new Set([secret]));
    expect(new Set(sent(upstream))).toEqual(new Set([undefined]));
  });

  it('goes to no other origin, neither as a source nor along a redirect', async () => {
    await configure('{ header: X-Api-Key, env: MODELS_TOKEN }');
    upstream.fault('/model', { kind: 'redirect', to: elsewhere.url('/model') });
    expect(await stage('private', upstream.url('/model'), { MODELS_TOKEN: secret })).toMatchObject({ code: 0 });
    expect(sent(upstream, 'x-api-key')).toContain(secret);
    expect(elsewhere.requests.length).toBeGreaterThan(0);
    expect(new Set(sent(elsewhere, 'x-api-key'))).toEqual(new Set([undefined]));

    await rm(join(cwd, 'mirror-private'), { recursive: true });
    upstream.forgetRequests();
    upstream.heal();
    elsewhere.fault('/model', { kind: 'redirect', to: upstream.url('/model') });
    expect(await stage('private', elsewhere.url('/model'), { MODELS_TOKEN: secret })).toMatchObject({ code: 0 });
    expect(upstream.requests.length).toBeGreaterThan(0);
    expect(new Set(sent(upstream, 'x-api-key'))).toEqual(new Set([undefined]));
  });

  it('is not used for public releases unless that is said, and a refusal says so', async () => {
    guard();
    await configure('{ env: MODELS_TOKEN, scheme: Bearer }');
    const withheld = await stage('public', upstream.url('/model'), { MODELS_TOKEN: secret });
    expect(withheld.code).toBe(1);
    expect(withheld.stdout + withheld.stderr).toContain('gated');
    expect(withheld.stdout + withheld.stderr).toContain(
      `For public releases MODELS_TOKEN is used only where weighbridge.yaml says "for: any" at ${upstream.origin}.`,
    );
    expect(new Set(sent(upstream))).toEqual(new Set([undefined]));
    await configure('{ env: MODELS_TOKEN, scheme: Bearer, for: any }');
    expect(await stage('public', upstream.url('/model'), { MODELS_TOKEN: secret })).toMatchObject({ code: 0 });
  });

  it('whose variable is not set is asked for by name, before the origin is asked anything', async () => {
    await configure('{ env: MODELS_TOKEN }');
    for (const variables of [{}, { MODELS_TOKEN: ' ' }]) {
      const unset = await stage('private', upstream.url('/model'), variables);
      expect(unset.code).toBe(1);
      expect(unset.stdout + unset.stderr).toContain('needs the credential in MODELS_TOKEN, which is not set');
    }
    expect(upstream.requests).toEqual([]);
    // Whoever does not need it is not kept from working.
    expect(await stage('private', elsewhere.url('/model'))).toMatchObject({ code: 0 });
  });

  it('that no header can hold is refused by the name of its variable', async () => {
    await configure('{ env: MODELS_TOKEN }');
    const result = await stage('private', upstream.url('/model'), { MODELS_TOKEN: `${secret}\r\nX-Other: 1` });
    expect(result.code).toBe(2);
    expect(result.stderr).toContain('MODELS_TOKEN is no value for a header');
    expect(upstream.requests).toEqual([]);
  });
});
