import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { grantAll, type PrivateApi, policyOf, privateApi } from '../fixtures/private-api.ts';
import { type SignedStore, signedStore } from '../fixtures/signed-store.ts';
import { runProgram } from '../project/run-program.ts';
import { root } from '../project/source-files.ts';
import { hasProgram } from '../support/has-program.ts';
import { codeBlocks } from './markdown.ts';

const written = 'https://weights.example.org';
const weights = sampleBytes(500_000, 'weights');
const lacking = ['curl', 'wget', 'aria2c', 'python3', 'sha256sum'].filter((tool) => !hasProgram(tool));

let api: PrivateApi;
let store: SignedStore;
let cwd: string;

/** A store at another host, which refuses every request that has an `Authorization` header, as S3 does. */
beforeEach(async () => {
  const files = { 'sub/a.bin': weights, 'config.json': '{}' };
  const mirror = await layOutMirror([{ collection: 'my-private', version: '1.0.0', files }], { access: 'private' });
  store = await signedStore(mirror.root);
  api = await privateApi([store]);
  api.policy = policyOf([api.token], grantAll({ collections: ['my-private'] }));
  cwd = await temporaryFolder();
});

/** The one YAML block of docs/recipes.md that holds the words. */
function blockWith(words: string) {
  const found = codeBlocks(readFileSync(join(root, 'docs/recipes.md'), 'utf8')).filter(
    ({ language, text }) => language === 'yaml' && text.includes(words),
  );
  expect(found).toHaveLength(1);
  return parse(found[0]?.text ?? '');
}

function shell(script: string, variables: Record<string, string> = {}) {
  return runProgram('sh', ['-euc', script], { cwd, env: { PATH: process.env.PATH, HOME: cwd, ...variables } });
}

const origin = () => new URL(api.url).origin;
const auth = () => `Authorization: Bearer ${api.token}`;
const file = () => `${api.url}/my-private/1.0.0/sub/a.bin`;

describe.skipIf(lacking.length > 0)('a private file by stock tools', () => {
  it('comes to the init container of docs/recipes.md, with the token that is mounted', async () => {
    const { initContainers, volumes } = blockWith('initContainers:');
    const [container] = initContainers;
    for (const mount of container.volumeMounts) {
      expect(volumes.map(({ name }: { name: string }) => name)).toContain(mount.name);
    }
    expect(volumes[1].projected.sources[0].serviceAccountToken.audience).toBe(written);
    mkdirSync(join(cwd, 'models'));
    writeFileSync(join(cwd, 'token'), `${api.token}\n`);
    const script = container.args[0]
      .replace(written, origin())
      .replace('/var/run/secrets/weighbridge/', `${cwd}/`)
      .replace('cd /models', `cd ${cwd}/models`);
    const [program, flags] = container.command;
    const run = () => runProgram(program, [flags, script], { cwd, env: { PATH: process.env.PATH } });
    expect(await run()).toMatchObject({ code: 0, stdout: 'config.json: OK\nsub/a.bin: OK\n' });
    expect(readFileSync(join(cwd, 'models/sub/a.bin')).equals(weights)).toBe(true);
    api.policy = policyOf([], grantAll());
    expect((await run()).code).not.toBe(0);
  }, 60_000);

  it.each(['steps:', 'id_tokens:'])(
    'is pulled by the CI job with %s',
    async (words) => {
      const job = blockWith(`${words}\n`) ?? {};
      const [step] = job.weights?.script ?? job.steps;
      if (job.weights === undefined) expect(job.permissions['id-token']).toBe('write');
      else expect(job.weights.id_tokens.WEIGHBRIDGE_ID_TOKEN.aud).toBe(written);
      const line = (step.run ?? step)
        .replace(written, origin())
        .replace('npx weighbridge', `node ${join(root, 'bin/weighbridge.js')}`);
      const node = { PATH: `${join(process.execPath, '..')}:${process.env.PATH}` };
      const variables = { ...node, WEIGHBRIDGE_ID_TOKEN: api.token, NETRC: join(cwd, 'none') };
      const result = await shell(`${line} --trust-origin ${store.origin}`, variables);
      expect(result).toMatchObject({ code: 0, stdout: expect.stringContaining('2 of 2 files proven') });
    },
    60_000,
  );

  it('follows the redirect by curl, whose header stays behind', async () => {
    const { code } = await shell(`curl -fsSL -H "${auth()}" -o by-header ${file()}`);
    expect(code).toBe(0);
    writeFileSync(join(cwd, 'netrc'), `machine 127.0.0.1 login token password ${api.token}\n`, { mode: 0o600 });
    expect((await shell(`curl -fsSL --netrc-file netrc -o by-netrc ${file()}`)).code).toBe(0);
    for (const name of ['by-header', 'by-netrc']) expect(readFileSync(join(cwd, name)).equals(weights)).toBe(true);
    expect(store.log.every((line) => line.endsWith('200'))).toBe(true);
  }, 60_000);

  it.each([
    ['wget', () => `wget -q --header "${auth()}" -O out`],
    ['aria2', () => `aria2c -q --header "${auth()}" -o out`],
    [
      'Python',
      () =>
        `python3 -c 'import sys, urllib.request as r; r.urlopen(r.Request(sys.argv[1], headers={"Authorization": "Bearer ${api.token}"}))'`,
    ],
  ])(
    'cannot be had by %s with the redirect, which is why the page takes the URL as text',
    async (_, command) => {
      expect((await shell(`${command()} ${file()}`)).code).not.toBe(0);
      expect(store.log.at(-1)).toMatch(/ 400$/);
    },
    60_000,
  );
});
