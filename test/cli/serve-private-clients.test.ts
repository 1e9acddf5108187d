import { execFile } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { beforeEach, describe, expect, onTestFinished, test } from 'vitest';
import { newMirrorToken, tokenDigest } from '../../lib/core/access/policy/mirror-token.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { hasProgram } from '../support/has-program.ts';
import { startServe } from './start-serve.ts';

const execute = promisify(execFile);
const has = { curl: hasProgram('curl'), wget: hasProgram('wget'), python: hasProgram('python3') };
const weights = sampleBytes(1_000_000, 'private');
const token = newMirrorToken();
const header = `Authorization: Bearer ${token}`;

let cwd: string;
let url: string;

beforeEach(async () => {
  cwd = await temporaryFolder();
  const release = { collection: 'm', version: '1.0.0', files: { 'a b.bin': weights } };
  await layOutMirror([release], { access: 'private', root: join(cwd, 'mirror-private') });
  await mkdir(join(cwd, 'manifests'));
  const principal = `{ tokens: [ { sha256: ${tokenDigest(token)}, expires: "2099-12-31" } ] }`;
  const policy = `weighbridgeAccess: 1\nprincipals: { me: ${principal} }\ngrants: { all: { to: [ me ], collections: [ m ] } }\n`;
  await writeFile(join(cwd, 'manifests/access.yaml'), policy);
  const serve = await startServe(['--private-store', 'file:./mirror-private'], { cwd });
  onTestFinished(async () => {
    serve.signals.emit('SIGTERM');
    await serve.ended;
    expect(serve.output.stderr).not.toContain(token);
    expect(serve.output.stderr).not.toContain('signature');
  });
  url = `${serve.url.trim()}v1/m/1.0.0/a%20b.bin`;
});

const fetched = async (name: string) => (await readFile(join(cwd, name))).equals(weights);

describe('private weights of serve are fetched by', () => {
  test.runIf(has.curl)('curl with a header, under their name, and to the end where it was cut', async () => {
    await execute('curl', ['-fsSLOJ', '-H', header, url], { cwd });
    expect(await fetched('a b.bin')).toBe(true);
    await writeFile(join(cwd, 'part'), weights.subarray(0, 123_456));
    await execute('curl', ['-fsSL', '-C', '-', '-o', 'part', '-H', header, url], { cwd });
    expect(await fetched('part')).toBe(true);
  });

  test.runIf(has.curl)('curl with a netrc', async () => {
    await writeFile(join(cwd, 'netrc'), `machine 127.0.0.1 login token password ${token}\n`, { mode: 0o600 });
    await execute('curl', ['-fsSL', '--netrc-file', 'netrc', '-o', 'out', url], { cwd });
    expect(await fetched('out')).toBe(true);
  });

  test.runIf(has.wget)('wget, by the URL as text: it would send its header on, and is refused as by S3', async () => {
    const wget = ['-q', '--tries=1', '-O'];
    await expect(execute('wget', [...wget, 'out', `--header=${header}`, url], { cwd })).rejects.toMatchObject({
      code: 8,
    });
    const { stdout } = await execute('wget', [...wget, '-', `--header=${header}`, `${url}?redirect=0`], { cwd });
    await execute('wget', [...wget, 'out', stdout.trim()], { cwd });
    expect(await fetched('out')).toBe(true);
  });

  test.runIf(has.python)('plain Python, by the URL as text', async () => {
    const program = `
import sys, urllib.request, urllib.error
url, token = sys.argv[1:]
ask = lambda url: urllib.request.urlopen(urllib.request.Request(url, headers={"Authorization": "Bearer " + token}))
try:
    ask(url)
    sys.exit("the header was sent on, and taken")
except urllib.error.HTTPError as error:
    assert error.code == 400, error.code
signed = ask(url + "?redirect=0").read().decode().strip()
open("out", "wb").write(urllib.request.urlopen(signed).read())
`;
    await execute('python3', ['-c', program, url, token], { cwd });
    expect(await fetched('out')).toBe(true);
  });
});
