import { mkdir, mkdtemp, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { newMirrorToken, tokenDigest } from '../../lib/core/access/policy/mirror-token.ts';
import type { Release } from '../../lib/core/registry/records.ts';
import { startServe } from '../cli/start-serve.ts';
import { layOutMirror } from '../fixtures/mirror.ts';
import { ask } from '../fixtures/serving.ts';

const token = newMirrorToken();
const bearer = { authorization: `Bearer ${token}` };
const secret = 'what nobody is granted';

let folder: string;
let store: string;
let serve: Awaited<ReturnType<typeof startServe>>;
let base: string;

/** A record whose file lies in another release. */
const elsewhere = (release: Release): Release => ({
  ...release,
  artifacts: release.artifacts.map((artifact) => ({ ...artifact, path: 'hidden/1.0.0/model.bin' })),
});

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'weighbridge-access-attack-'));
  store = join(folder, 'private');
  await layOutMirror(
    [
      { collection: 'weights', version: '1.0.0', files: { 'sub/model.bin': 'granted', 'link.bin': secret } },
      { collection: 'weights', version: '2.0.0', files: { 'model.bin': secret }, edit: elsewhere },
      { collection: 'hidden', version: '1.0.0', files: { 'model.bin': secret } },
    ],
    { access: 'private', root: store },
  );
  await mkdir(join(folder, 'manifests'));
  await writeFile(
    join(folder, 'manifests/access.yaml'),
    [
      'weighbridgeAccess: 1',
      `principals: { farm: { tokens: [ { sha256: ${tokenDigest(token)}, expires: "2099-12-31" } ] } }`,
      'grants: { weights: { to: [ farm ], collections: [ weights ] } }',
    ].join('\n'),
  );
  serve = await startServe(['--private-store', `file:${store}`, '--audit-log', 'audit.jsonl'], { cwd: folder });
  base = serve.url.trim();
});
// Ending it looks through what it printed and logged, too.
afterAll(async () => {
  serve.signals.emit('SIGINT');
  await serve.ended;
  await rm(folder, { recursive: true, force: true });
});

/** What comes of bytes that no HTTP library would send. */
async function sent(...lines: readonly string[]): Promise<string> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  let got = '';
  socket.on('data', (bytes) => {
    got += bytes.toString('latin1');
  });
  const closed = new Promise<void>((resolve) => socket.on('close', () => resolve()));
  socket.on('error', () => {});
  socket.write([...lines, 'Connection: close', `Authorization: Bearer ${token}`, '', ''].join('\r\n'));
  await closed;
  return got;
}

const location = (answer: string) => /^location: (.*)\r$/im.exec(answer)?.[1];

describe('requests that no client sends', () => {
  it('do not choose where signed URLs lead', async () => {
    const target = 'GET /v1/weights/1.0.0/sub/model.bin HTTP/1.1';
    const forwarded = ['X-Forwarded-Host: evil.example', 'X-Forwarded-Proto: https', 'Forwarded: host=evil.example'];
    for (const lines of [
      [target, 'Host: evil.example', ...forwarded],
      [target, 'Host: evil.example:1', 'Host: other.example'],
      [target.replace('1.1', '1.0')],
    ]) {
      const found = location(await sent(...lines));
      expect(found, lines.join()).toMatch(/^http:\/\/localhost:\d+\/v1\/~signed\/weights\/1\.0\.0\/sub\/model\.bin\?/);
    }
  });

  it('are given nothing where their target or framing can be read in two ways', async () => {
    for (const lines of [
      ['GET http://evil.example/v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: evil.example'],
      ['GET //v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: a'],
      ['GET /x/../v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: a'],
      ['GET /v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: evil.example/@x'],
      ['CONNECT /v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: a'],
      ['POST /v1/urls HTTP/1.1', 'Host: a', 'Content-Length: 4', 'Transfer-Encoding: chunked'],
      ['GET /v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: a', 'Authorization: Bearer x'],
      ['GET /v1/weights/1.0.0/sub/model.bin HTTP/1.1', 'Host: a', `X: ${'x'.repeat(20_000)}`],
    ]) {
      const answer = await sent(...lines);
      expect(answer, lines.join()).not.toMatch(/^HTTP\/1\.1 [23]/);
      expect(answer).not.toContain('~signed');
    }
    expect((await ask(base, '/v1/healthz')).status).toBe(200);
  });
});

describe('a private store that somebody else may write to', () => {
  it('gives nothing that a link leads to, by a URL from before or after', async () => {
    const target = '/v1/weights/1.0.0/link.bin?redirect=0';
    const signed = async () => new URL((await ask(base, target, bearer)).body.toString());
    const before = await signed();
    const file = join(store, 'weights/1.0.0/link.bin');
    await rename(file, join(folder, 'moved.bin'));
    await symlink(join(folder, 'moved.bin'), file);
    for (const { pathname, search } of [before, await signed()]) {
      const { status, body } = await ask(base, pathname + search);
      expect(status).toBe(404);
      expect(body.toString()).not.toContain(secret);
    }
  });

  it('gives no file of another release, and does not say what is wrong', async () => {
    for (const file of ['model.bin', 'release.json', 'SHA256SUMS']) {
      const { status, body } = await ask(base, `/v1/weights/2.0.0/${file}`, bearer);
      expect(status, file).toBe(503);
      expect(JSON.parse(body.toString())).toEqual({
        error: { code: 'Unavailable', message: 'this cannot be answered now: try again' },
      });
    }
    // Who runs it is told, and in what store.
    expect(serve.output.stderr).toContain('is not where it belongs');
  });
});
