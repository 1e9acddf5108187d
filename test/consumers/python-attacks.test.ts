import { mkdir, readdir, readFile, stat, symlink, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { describe, expect, it, onTestFinished } from 'vitest';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { canonicalJson } from '../../lib/core/registry/canonical-json.ts';
import { contentIdentity } from '../../lib/core/registry/content.ts';
import type { Release } from '../../lib/core/registry/records.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { answer, answerWith, unrulyServer } from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { consumerFile, ended, pythonProgram, startPython, weighbridgeGet } from './run-python.ts';

const weights = sampleBytes(3 * 1024 * 1024, 'weights');
const key = 'w/1.0.0/w.pt';

async function mirrorOfWeights() {
  const mirror = await layOutMirror([{ collection: 'w', version: '1.0.0', files: { 'w.pt': weights } }]);
  const server = await unrulyServer(mirror.root);
  const into = await temporaryFolder();
  return { mirror, server, into, get: ['w@1.0.0', '--from', server.url, '--into', into, '--json'] };
}

const reasonOf = (report: PullReport) => report.files[0]?.reason ?? '';

describe.skipIf(!hasProgram('python3'))('the Python consumer and those who mean harm', () => {
  it('refuses names that lead out of the folder, and writes nothing', async () => {
    const names = [
      ...[
        '../out.pt',
        'a/../../out.pt',
        '/etc/out.pt',
        'C:/out.pt',
        'C:out.pt',
        'a\\b.pt',
        '..\\out.pt',
        'a\0b',
        'a//b',
      ],
      ...[
        '.weighbridge/locks/x',
        '.WeighBridge/x',
        'nul',
        'COM1.pt',
        'a./b',
        'a /b',
        './a',
        'a\u202egpj',
        'release.json',
        '',
      ],
    ];
    const edit = (name: string) => (release: Release) => {
      const [artifact] = release.artifacts;
      if (artifact === undefined) return release;
      const artifacts = [{ ...artifact, file: name, path: `h/${release.version}/${name}` }];
      return { ...release, artifacts, content: contentIdentity(artifacts).hex };
    };
    const mirror = await layOutMirror(
      names.map((name, at) => ({ collection: 'h', version: `1.0.${at}`, files: { x: 'x' }, edit: edit(name) })),
    );
    const server = await unrulyServer(mirror.root);
    const into = await temporaryFolder();
    const code = `
told = []
for at in range(int(sys.argv[3])):
    try:
        told.append(wg.pull(f"h@1.0.{at}", base=sys.argv[1], dir=sys.argv[2]))
    except wg.Mismatch as error:
        told.append("refused")
print(json.dumps(told))`;
    const told = (await pythonProgram(code, [server.url, into, String(names.length)])).json();
    expect(told).toEqual(names.map(() => 'refused'));
    expect(await readdir(into)).not.toContain('x');
    expect(server.log.filter((line) => !line.includes('.json'))).toEqual([]);
  });

  it('follows no link that lies in the folder, neither of a directory nor of an unfinished download', async () => {
    const { server, into, get } = await mirrorOfWeights();
    const outside = await temporaryFolder();
    const files = { 'sub/w.pt': 'deep' };
    const mirror = await layOutMirror([{ collection: 'd', version: '1.0.0', files }]);
    const other = await unrulyServer(mirror.root);
    await symlink(outside, join(into, 'sub'));
    const led = await weighbridgeGet(['d', '--from', other.url, '--into', into, '--json']);
    expect(reasonOf(led.json())).toContain('leads out of the folder');
    await writeFile(join(outside, 'precious'), 'precious');
    await symlink(join(outside, 'precious'), join(into, '.weighbridge/partial', Sha256.ofBytes(weights).hex));
    expect((await weighbridgeGet(get)).status).toBe(1);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
    expect(await readdir(outside)).toEqual(['precious']);
    // A link at the file's own place is replaced, not written through.
    const into2 = await temporaryFolder();
    await symlink(join(outside, 'precious'), join(into2, 'w.pt'));
    const replaced = await weighbridgeGet(['w', '--from', server.url, '--into', into2]);
    expect(replaced.status).toBe(0);
    expect(await readFile(join(outside, 'precious'), 'utf8')).toBe('precious');
  });

  it('runs round in no loop of redirects, and follows them neither to plain http elsewhere nor to another scheme', async () => {
    const { mirror, server, into } = await mirrorOfWeights();
    const targets = [
      `/${key}`,
      'again',
      'http://192.0.2.1/w.pt',
      'file:///etc/passwd',
      'ftp://127.0.0.1/w',
      'http://[/',
      '//[::1',
    ];
    const words = [
      /loop/,
      /more than 10 times/,
      /plain http/,
      /neither an https/,
      /neither an https/,
      /no URL/,
      /no URL/,
    ];
    let at = -1;
    let hops = 0;
    await writeFile(mirror.path('next'), '');
    server.misbehave('next', (response) => {
      at += 1;
      response.end();
    });
    server.misbehave(key, (response) => {
      hops += 1;
      const target = targets[at] ?? '';
      const location = target === 'again' ? `/w/1.0.0/${spelled('w.pt', hops % 16)}` : target;
      response.writeHead(302, { location }).end();
    });
    const code = `
told = []
for at in range(int(sys.argv[3])):
    wg.urllib.request.urlopen(sys.argv[1] + "next").close()
    told.append(wg.pull("w@1.0.0", base=sys.argv[1], dir=sys.argv[2])["files"][0]["reason"])
print(json.dumps(told))`;
    const told = (await pythonProgram(code, [server.url, into, String(targets.length)])).json<string[]>();
    for (const [index, word] of words.entries()) expect(told[index]).toMatch(word);
  });

  it('a token never leaves the access API: not to a mirror, not along a redirect, not into a message', async () => {
    const { server } = await mirrorOfWeights();
    const seen: (string | undefined)[] = [];
    const thief = createServer((request, response) => {
      seen.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => thief.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void thief.close());
    const stolen = `http://127.0.0.1:${(thief.address() as AddressInfo).port}`;
    const api = createServer((request, response) => {
      if (request.url === '/v1/healthz') {
        response.end(JSON.stringify({ service: 'weighbridge-access', api: 1, ok: true }));
      } else response.writeHead(307, { location: `${stolen}/v1/registry` }).end();
    });
    await new Promise<void>((resolve) => api.listen(0, '127.0.0.1', resolve));
    onTestFinished(() => void api.close());
    const env = { WEIGHBRIDGE_TOKEN: 'very-secret-token' };
    const url = `http://127.0.0.1:${(api.address() as AddressInfo).port}/v1`;
    const led = await weighbridgeGet(['w', '--from', url, '--into', await temporaryFolder(), '--json'], { env });
    expect(led.json<{ error: { message: string } }>().error.message).toContain('a credential follows no redirect');
    expect(seen).toEqual([]);
    server.misbehave(key, (response, _, request) => {
      seen.push(request.headers.authorization);
      response.writeHead(302, { location: `${stolen}/w` }).end();
    });
    const mirror = ['w', '--from', server.url, '--into', await temporaryFolder(), '--json'];
    const other = await weighbridgeGet(mirror, { env });
    expect(other.status).toBe(1);
    expect(seen).toEqual([undefined, undefined]);
    expect(`${led.stdout}${led.stderr}${other.stdout}${other.stderr}`).not.toContain('very-secret-token');
  });

  it('killed in the middle it leaves no file, and goes on from there', async () => {
    const { server, into, get } = await mirrorOfWeights();
    const half = 2_000_000;
    server.misbehave(key, (response, bytes) => {
      response.writeHead(200, { etag: '"v1"', 'content-length': bytes.length });
      response.write(bytes.subarray(0, half));
    });
    const child = startPython([consumerFile, ...get]);
    const partial = join(into, '.weighbridge/partial', Sha256.ofBytes(weights).hex);
    for (let looks = 0; looks < 1000; looks += 1) {
      if ((await stat(partial).catch(() => undefined))?.size === half) break;
      await setTimeout(20);
    }
    child.kill('SIGKILL');
    await ended(child);
    expect((await readdir(into)).sort()).toEqual(['.weighbridge']);
    server.misbehave(key, answer);
    const rest = (await weighbridgeGet(get)).json<PullReport>();
    expect(rest).toMatchObject({ ok: true, bytesFetched: weights.length - half });
    expect(server.log.at(-1)).toBe(`GET /${key} bytes=${half}-${weights.length - 1}`);
    expect(await readFile(join(into, 'w.pt'))).toEqual(weights);
  });

  it('an unfinished download of other bytes, or of another version, is not built upon', async () => {
    const { server, into, get } = await mirrorOfWeights();
    const partial = join(into, '.weighbridge/partial', Sha256.ofBytes(weights).hex);
    await mkdir(join(into, '.weighbridge/partial'), { recursive: true });
    for (const [tag, begun] of [
      ['"v1"', Buffer.alloc(2_000_000, 1)],
      ['"v0"', weights.subarray(0, 2_000_000)],
    ] as const) {
      await writeFile(partial, begun);
      await writeFile(`${partial}.etag`, tag);
      const report = (await weighbridgeGet([...get, '--force'])).json<PullReport>();
      expect([report.ok, await readFile(join(into, 'w.pt'))]).toEqual([true, weights]);
    }
    // A server that has no such range.
    await writeFile(partial, weights.subarray(0, 2_000_000));
    server.misbehave(key, (response, bytes, request) => {
      if (request.headers.range === undefined) return answer(response, bytes, request);
      response.writeHead(416, { 'content-range': 'bytes */12' }).end();
    });
    expect((await weighbridgeGet([...get, '--force'])).json<PullReport>().ok).toBe(true);
    // One that sends another range than it was asked for.
    await writeFile(partial, weights.subarray(0, 2_000_000));
    server.misbehave(key, (response) => {
      response
        .writeHead(206, { 'content-range': `bytes 0-9/${weights.length}`, 'content-length': 10 })
        .end('0123456789');
    });
    const failed = await weighbridgeGet([...get, '--force']);
    expect(reasonOf(failed.json())).toContain('another range');
    expect(await readFile(join(into, 'w.pt'))).toEqual(weights);
  });

  it('a registry that goes back is not followed; a release that changed is refused', async () => {
    const { mirror, server, into } = await mirrorOfWeights();
    const old = await readFile(mirror.path('registry.json'));
    await layOutMirror(
      [
        { collection: 'w', version: '1.0.0', files: { 'w.pt': weights } },
        { collection: 'w', version: '2.0.0', files: { 'w.pt': 'two' } },
      ],
      { root: mirror.root },
    );
    const get = ['w', '--from', server.url, '--into', into, '--json'];
    expect((await weighbridgeGet(get)).json<PullReport>().version).toBe('2.0.0');
    await writeFile(mirror.path('registry.json'), old);
    const back = (await weighbridgeGet(get)).json<PullReport>();
    expect(back.version).toBe('2.0.0');
    expect(back.warnings[0]).toContain('went back from state 2 to 1');
    await layOutMirror(
      [1, 2, 3].map((at) => ({ collection: 'w', version: `${at}.0.0`, files: { 'w.pt': `changed ${at}` } })),
      { root: mirror.root },
    );
    const changed = await weighbridgeGet(['w@2.0.0', ...get.slice(1)]);
    expect([changed.status, changed.json<{ error: { message: string } }>().error.message]).toEqual([
      1,
      expect.stringContaining('releases never change'),
    ]);
    expect(await readFile(join(into, 'w.pt'), 'utf8')).toBe('two');
  });

  it('records that are damaged, endless, deep or lying are told, and cost bounded memory', async () => {
    const { mirror, server, into } = await mirrorOfWeights();
    const record = await readFile(mirror.path('w/1.0.0/release.json'), 'utf8');
    const registry = JSON.parse(await readFile(mirror.path('registry.json'), 'utf8'));
    const said = (text: string) => {
      const changed = structuredClone(registry);
      changed.collections.w.versions['1.0.0'].sha256 = Sha256.ofBytes(text).hex;
      return { 'registry.json': canonicalJson(changed), 'w/1.0.0/release.json': text };
    };
    const cases: readonly Readonly<Record<string, string>>[] = [
      { 'w/1.0.0/release.json': record.replace('"w.pt"', '"v.pt"') },
      said(record.replace('"size":3145728', '"size":3145727')),
      said(record.replace('"size":3145728', '"size":1e400')),
      said(record.replace('"size":3145728', `"size":${'9'.repeat(100_000)}`)),
      said(record.replace('"size":3145728', '"size":true')),
      said(record.replace('"aliases":[]', `"aliases":${'['.repeat(200_000)}`)),
      said(record.replace('"collection":"w"', '"collection":"v"')),
      said('\ufeff{}'),
      { 'registry.json': '[]' },
      { 'registry.json': '<html>' },
      { 'registry.json': canonicalJson(registry).replace('registry/1', 'registry/2') },
      { 'registry.json': canonicalJson(registry).replace('"collections":{', '"collections":{"x":1,"w":[],"y":') },
    ];
    const code = `
import resource
resource.setrlimit(resource.RLIMIT_AS, (1 << 30, 1 << 30))
try:
    print(wg.get("w@1.0.0", base=sys.argv[1], dir=sys.argv[2], attempts=1))
except wg.Mismatch as error:
    print("told")`;
    let at = 0;
    for (const name of ['registry.json', 'w/1.0.0/release.json']) {
      server.misbehave(name, (response, bytes, request) => {
        const text = cases[at]?.[name];
        if (text === undefined) answer(response, bytes, request);
        else answerWith(text)(response, bytes, request);
      });
    }
    const each = `
for at in range(int(sys.argv[3])):
    wg.urllib.request.urlopen(sys.argv[1] + "next")
    try:
        print(wg.get("w@1.0.0", base=sys.argv[1], dir=sys.argv[2], attempts=1))
    except wg.Mismatch as error:
        print("told")`;
    await writeFile(mirror.path('next'), '');
    at = -1;
    server.misbehave('next', (response) => {
      at += 1;
      response.end();
    });
    const told = await pythonProgram(each, [server.url, into, String(cases.length)]);
    expect([told.stdout.trim().split('\n'), told.stderr]).toEqual([cases.map(() => 'told'), '']);
    at = cases.length;
    server.misbehave('registry.json', (response) => {
      const block = Buffer.alloc(1 << 20, 32);
      const more = () => {
        while (!response.destroyed && response.write(block));
      };
      response.on('drain', more);
      more();
    });
    expect(await pythonProgram(code, [server.url, into])).toMatchObject({ status: 0, stdout: 'told\n' });
  });

  it('a disk that is full, or a folder that may not be written, is told before or after the first byte', async () => {
    const { server, into } = await mirrorOfWeights();
    const code = `
import shutil, collections, resource, signal
def tried():
    try:
        wg.get("w", "w.pt", base=sys.argv[1], dir=sys.argv[2])
    except wg.Unwritable as error:
        return error.message
usage = shutil.disk_usage
shutil.disk_usage = lambda path: usage(path)._replace(free=1000)
told = [tried()]
shutil.disk_usage = usage
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, resource.RLIM_INFINITY))
told.append(tried())
resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
print(json.dumps([told, os.path.getsize(wg.get("w", "w.pt", base=sys.argv[1], dir=sys.argv[2]))]))`;
    const [told, size] = (await pythonProgram(code, [server.url, into])).json<[string[], number]>();
    expect(told[0]).toContain(`need ${weights.length} bytes and the disk has 1000 left`);
    expect(told[1]).toContain('w.pt');
    expect(size).toBe(weights.length);
    expect(server.sent(key)).toBeLessThan(2 * weights.length);
    await writeFile(join(into, 'file'), '');
    const blocked = await weighbridgeGet(['w', '--from', server.url, '--into', join(into, 'file/below'), '--json']);
    expect(blocked.status).toBe(1);
  });
});

/** The same name with some letters percent-encoded, another way for every number. */
function spelled(name: string, way: number): string {
  return [...name]
    .map((letter, at) => (((way >> at) & 1) === 0 ? letter : `%${letter.charCodeAt(0).toString(16)}`))
    .join('');
}
