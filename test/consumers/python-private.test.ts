import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { grantAll, policyOf, privateApi } from '../fixtures/private-api.ts';
import { signedStore } from '../fixtures/signed-store.ts';
import { answerStatus, breakAfter } from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { type PythonOptions, type PythonRun, weighbridgeGet } from './run-python.ts';

const large = sampleBytes(5 * 1024 * 1024, 'private');
const largeKey = 'weights/1.0.0/large.pt';

async function privateWeights() {
  const files = { 'large.pt': large, 'a/small.pt': 'small', 'b.pt': 'b', 'c.pt': 'c' };
  const mirror = await layOutMirror([{ collection: 'weights', version: '1.0.0', files }], { access: 'private' });
  const store = await signedStore(mirror.root);
  const api = await privateApi([store]);
  const into = await temporaryFolder();
  const get = (env: PythonOptions['env'] = {}, ...more: readonly string[]) =>
    weighbridgeGet(['weights', '--from', api.url, '--into', into, '--json', ...more], { env });
  const secrets = (run: PythonRun) =>
    [api.token, ...store.signatures].filter((secret) => `${run.stdout}${run.stderr}`.includes(secret));
  return { mirror, store, api, into, get, secrets };
}

const errorOf = (run: PythonRun) => run.json<{ error: { code: string; message: string; hint?: string } }>().error;

describe.skipIf(!hasProgram('python3'))('the Python consumer and private releases', () => {
  it('asks the access API with a token, and the store with signed URLs alone, asked for many at once', async () => {
    const { store, api, into, get, secrets } = await privateWeights();
    const run = await get({ WEIGHBRIDGE_TOKEN: api.token });
    expect(run.json<PullReport>()).toMatchObject({ ok: true, from: api.url, release: 'weights@1.0.0' });
    expect(await readFile(join(into, 'large.pt'))).toEqual(large);
    expect(await readFile(join(into, 'a/small.pt'), 'utf8')).toBe('small');
    expect(api.calls('/v1/urls')).toBeLessThanOrEqual(2);
    expect(new Set(api.credentials)).toEqual(new Set([null, `Bearer ${api.token}`]));
    expect(store.log.every((line) => line.endsWith(' 200'))).toBe(true);
    expect(secrets(run)).toEqual([]);
    expect((await get({ WEIGHBRIDGE_TOKEN: api.token })).json<PullReport>().bytesFetched).toBe(0);
    expect((await get({}, '--offline')).status).toBe(0);
  });

  it('goes on in the middle of a file when its URL has ended, and says what a store refuses', async () => {
    const { store, api, into, get, secrets } = await privateWeights();
    const env = { WEIGHBRIDGE_TOKEN: api.token };
    let broken = 0;
    store.misbehave(
      largeKey,
      (...all) => {
        broken += 1;
        store.endUrls();
        breakAfter(2_000_000)(...all);
      },
      1,
    );
    const run = await get(env, 'large.pt');
    expect(run.json<PullReport>().ok).toBe(true);
    expect(broken).toBe(1);
    expect(store.log.filter((line) => line.includes(largeKey)).map((line) => line.slice(-3))).toEqual(['403', '206']);
    expect(await readFile(join(into, 'large.pt'))).toEqual(large);
    store.misbehave(largeKey, answerStatus(403));
    const refused = await get(env, 'large.pt', '--force');
    expect(refused.status).toBe(1);
    expect(refused.json<PullReport>().files[0]?.reason).toContain('refuses the URL that');
    expect([...secrets(run), ...secrets(refused)]).toEqual([]);
  });

  it('takes the token from a file that is read again, or from a netrc that nobody else can read', async () => {
    const { api, get, secrets } = await privateWeights();
    const folder = await temporaryFolder();
    const file = join(folder, 'token');
    await writeFile(file, 'stale-token\n');
    api.intercept = (request) => {
      // Somebody rotates the file while it is asked.
      if (request.headers.get('authorization') === 'Bearer stale-token') {
        return writeFile(file, `${api.token}\n`).then(() => undefined);
      }
      return undefined;
    };
    expect((await get({ WEIGHBRIDGE_TOKEN_FILE: file })).json<PullReport>().ok).toBe(true);
    const netrc = join(folder, 'netrc');
    const text = `default login x password everybody\nmachine 127.0.0.1 login farm password "${api.token}"\n`;
    await writeFile(netrc, text, { mode: 0o600 });
    expect((await get({ NETRC: netrc }, '--force')).json<PullReport>().ok).toBe(true);
    await chmod(netrc, 0o644);
    const open = await get({ NETRC: netrc }, '--force');
    expect([open.status, errorOf(open).message]).toEqual([4, expect.stringContaining('others than you can read')]);
    const none = await get({ NETRC: join(folder, 'absent') }, '--force');
    expect([none.status, errorOf(none).message]).toEqual([4, expect.stringContaining('there is no credential')]);
    await writeFile(netrc, `machine ${api.token}`, { mode: 0o600 });
    expect([...secrets(open), ...secrets(none), ...secrets(await get({ NETRC: netrc }))]).toEqual([]);
  });

  it('tells a token that is refused from a release that is not there or not the caller’s', async () => {
    const { api, get, secrets } = await privateWeights();
    const wrong = await get({ WEIGHBRIDGE_TOKEN: 'wbt_0123456789' });
    expect([wrong.status, errorOf(wrong).code]).toEqual([4, 'NotAuthorised']);
    expect(`${wrong.stdout}${wrong.stderr}`).not.toContain('wbt_0123456789');
    const blank = await get({ WEIGHBRIDGE_TOKEN: 'no token' });
    expect([blank.status, blank.stdout.includes('no token')]).toEqual([4, false]);
    api.policy = policyOf([api.token], grantAll({ collections: ['other'] }));
    const hidden = await get({ WEIGHBRIDGE_TOKEN: api.token });
    expect([hidden.status, errorOf(hidden).code]).toEqual([5, 'NotFound']);
    expect(secrets(hidden)).toEqual([]);
  });

  it('fetches a signed URL that was handed out, with the digest that came with it, and shows it nowhere', async () => {
    const { store, into, mirror } = await privateWeights();
    const prepared = await store.signer.prepare(900);
    const url = await prepared.sign({ key: largeKey } as Parameters<typeof prepared.sign>[0]);
    const sha256 = Sha256.ofBytes(await readFile(mirror.path(largeKey))).hex;
    const args = ['--url', '-', '--into', join(into, 'mine.pt')];
    const fetched = await weighbridgeGet([...args, '--sha256', sha256], { input: `${url}\n` });
    expect([fetched.status, fetched.stdout, fetched.stderr]).toEqual([0, `${join(into, 'mine.pt')}\n`, '']);
    expect(await readFile(join(into, 'mine.pt'))).toEqual(large);
    const asked = store.log.length;
    expect((await weighbridgeGet([...args, '--sha256', sha256], { input: url })).status).toBe(0);
    expect(store.log.length).toBe(asked);
    const other = await weighbridgeGet(
      [...args, '--sha256', sha256.replace(/^./, (digit) => (digit === '0' ? '1' : '0'))],
      { input: url },
    );
    expect([other.status, other.stderr]).toEqual([1, expect.stringContaining(`got ${sha256}`)]);
    store.endUrls();
    const ended = await weighbridgeGet([...args, '--sha256', sha256, '--force'], { input: url });
    expect([ended.status, ended.stderr]).toEqual([4, expect.stringContaining('is refused (HTTP 403)')]);
    expect(await readFile(join(into, 'mine.pt'))).toEqual(large);
    const shown = [fetched, other, ended].map(({ stdout, stderr }) => stdout + stderr).join('');
    expect(shown).not.toContain('X-Amz');
  });
});
