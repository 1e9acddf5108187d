import { mkdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeEach, describe, expect, test } from 'vitest';
import { newMirrorToken, tokenDigest } from '../../lib/core/access/policy/mirror-token.ts';
import { layOutMirror, temporaryFolder } from '../fixtures/mirror.ts';
import { ask } from '../fixtures/serving.ts';
import { runMain } from './run-main.ts';
import { startServe } from './start-serve.ts';

const token = newMirrorToken();
const bearer = { authorization: `Bearer ${token}` };

let cwd: string;
let hidden: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  hidden = (
    await layOutMirror([{ collection: 'secret', version: '1.0.0', files: { 'a.bin': 'aaa' } }], { access: 'private' })
  ).root;
  await mkdir(join(cwd, 'manifests'));
  await writePolicy('secret');
});

async function writePolicy(collections: string): Promise<void> {
  const lines = [
    'weighbridgeAccess: 1',
    `principals: { laptop: { tokens: [ { sha256: ${tokenDigest(token)}, expires: "2099-12-31" } ] } }`,
    `grants: { everything: { to: [ laptop ], collections: [ ${collections} ] } }`,
  ];
  await writeFile(join(cwd, 'manifests/access.yaml'), `${lines.join('\n')}\n`);
}

describe('serve --private-store', () => {
  test('gives private releases out by the policy, beside the public ones, and shows each decision', async () => {
    await layOutMirror([{ collection: 'open', version: '1.0.0', files: { 'b.bin': 'b' } }], {
      root: join(cwd, 'mirror'),
    });
    const log = ['--audit-log', 'audit.jsonl'];
    const { url, output, ended, signals } = await startServe(['--private-store', `file:${hidden}`, ...log], { cwd });
    const base = url.trim();
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/\n$/);
    const sent = await ask(base, '/v1/secret/1.0.0/a.bin', bearer);
    const location = String(sent.headers.location);
    const other = base.replace('127.0.0.1', 'localhost');
    expect(location.startsWith(`${other}v1/~signed/`)).toBe(true);
    expect((await ask(base, location.slice(other.length - 1))).body.toString()).toBe('aaa');
    expect((await ask(base, '/open/1.0.0/b.bin')).body.toString()).toBe('b');
    expect((await ask(base, '/secret/1.0.0/a.bin', bearer)).status).toBe(404);
    expect((await ask(base, '/registry.json')).body.toString()).not.toContain('secret');
    expect((await ask(base, '/v1/secret/1.0.0/a.bin', { authorization: 'Bearer x' })).status).toBe(401);
    signals.emit('SIGTERM');
    expect(await ended).toBe(0);
    const { stdout, stderr } = output;
    expect(stdout).toBe(url);
    expect(stderr).toContain(`weighbridge pull secret@1.0.0 --from ${base}v1 --into ./weights`);
    expect(stderr).toContain(`-H "Authorization: Bearer $WEIGHBRIDGE_TOKEN" ${base}v1/secret/1.0.0/FILE`);
    expect(stderr).toMatch(
      /^\d\d:\d\d:\d\d allowed: token laptop: secret@1\.0\.0 a\.bin \(grant everything, \d+ s\)$/m,
    );
    expect(stderr).toMatch(/^\d\d:\d\d:\d\d unauthenticated: nobody known: url \(.+\)$/m);
    const lines = (await readFile(join(cwd, 'audit.jsonl'), 'utf8')).trimEnd().split('\n');
    expect(lines.map((line) => JSON.parse(line).outcome)).toEqual(['allowed', 'unauthenticated']);
    expect((await stat(join(cwd, 'audit.jsonl'))).mode & 0o777).toBe(0o600);
    for (const text of [stderr, ...lines]) {
      expect(text).not.toContain(token);
      expect(text).not.toMatch(/signature|~signed/);
    }
  });

  test('needs no public mirror, and says in JSON what there is', async () => {
    const args = ['--private-store', `file:${hidden}`, '--base-url', 'https://weights.example/below'];
    const { url, output, ended, signals } = await startServe([...args, '--json', '--progress', 'json'], { cwd });
    const document = JSON.parse(url);
    const base = document.url;
    expect(base).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/$/);
    const { headers } = await ask(base, '/v1/secret/1.0.0/a.bin', bearer);
    expect(headers.location).toMatch(/^https:\/\/weights\.example\/below\/v1\/~signed\/secret\//);
    expect(document).toEqual({
      url: base,
      store: null,
      releases: 0,
      access: { url: `${base}v1`, store: `file:${hidden}`, releases: 1, policy: 'manifests/access.yaml' },
    });
    signals.emit('SIGINT');
    expect(await ended).toBe(0);
    expect(output.stderr).not.toContain('warning');
  });

  test('follows the policy; one that became bad changes nothing, and is told of once', async () => {
    const { url, output, ended, signals } = await startServe(['--private-store', `file:${hidden}`], { cwd });
    const base = url.trim();
    await writeFile(join(cwd, 'manifests/access.yaml'), 'weighbridgeAccess: 1\ngrant: {}\n');
    const told = () => output.stderr.split('the access policy that was read before holds on until').length - 1;
    for (let look = 0; look < 300 && told() === 0; look += 1) {
      expect((await ask(base, '/v1/secret/1.0.0/a.bin', bearer)).status).toBe(302);
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect(output.stderr).toContain('manifests/access.yaml:2:');
    await writePolicy('other');
    let status = 302;
    for (let look = 0; look < 300 && status === 302; look += 1) {
      status = (await ask(base, '/v1/secret/1.0.0/a.bin', bearer)).status;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
    expect([status, told()]).toEqual([404, 1]);
    signals.emit('SIGINT');
    await ended;
  });

  test('begins with no bad policy, and says all that is wrong with it', async () => {
    const args = ['serve', '--port', '0', '--private-store', `file:${hidden}`];
    await writeFile(join(cwd, 'manifests/access.yaml'), 'weighbridgeAccess: 2\ngrant: {}\n');
    const bad = await runMain(args, { cwd });
    expect([bad.code, bad.stdout]).toEqual([2, '']);
    expect(bad.stderr).toContain('manifests/access.yaml:1:');
    expect(bad.stderr).toContain('manifests/access.yaml:2:');
    await rm(join(cwd, 'manifests/access.yaml'));
    const none = await runMain(args, { cwd });
    expect([none.code, none.stderr]).toEqual([2, expect.stringContaining('no access policy manifests/access.yaml')]);
    expect(none.stderr).toContain('--policy');
    expect(none.stderr).toContain('weighbridge token new');
  });

  test('refuses a store of public releases, what is no mirror, and one store as both', async () => {
    const open = (await layOutMirror([{ collection: 'open', version: '1.0.0', files: { 'b.bin': 'b' } }])).root;
    const run = (...args: string[]) => runMain(['serve', '--port', '0', ...args], { cwd });
    const wrong = await run('--private-store', `file:${open}`);
    expect([wrong.code, wrong.stdout]).toEqual([3, '']);
    expect(wrong.stderr).toContain(`--store file:${open}`);
    expect((await run('--private-store', `file:${await temporaryFolder()}`)).code).toBe(5);
    expect((await run('--private-store', `file:${hidden}`, '--store', `file:${hidden}`)).code).toBe(3);
  });

  test.each([
    [['--policy', 'p.yaml'], '--policy is for --private-store'],
    [['--base-url', 'https://w.example'], '--base-url is for --private-store'],
    [['--audit-log', 'a'], '--audit-log is for --private-store'],
    [['--private-store', 'file:x', '--host', '0.0.0.0'], '0.0.0.0 is no address of this machine alone'],
    [['--private-store', 'file:x', '--base-url', 'ftp://x'], 'Expected an address such as'],
    [
      ['--private-store', 'file:x', '--base-url', 'http://127.0.0.1:81'],
      '--base-url leads to 127.0.0.1, where the API',
    ],
    [['--private-store', 'file:x', '--base-url', 'https://u:p@x'], 'Expected an address such as'],
  ])('says what is wrong with %j', async (args, message) => {
    const { code, stderr } = await runMain(['serve', '--port', '0', ...args], { cwd });
    expect([code, stderr]).toEqual([2, expect.stringContaining(message)]);
  });
});
