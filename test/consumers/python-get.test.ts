import { readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { systemClock } from '../../lib/core/clock.ts';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { httpMirror, pull } from '../fixtures/pulling.ts';
import { answer, answerStatus, answerWith, type Misbehaviour, unrulyServer } from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { pythonProgram, weighbridgeGet } from './run-python.ts';

const vae = sampleBytes(300_000, 'vae');
const ldm = sampleBytes(200_000, 'ldm');

/** A mirror with two versions and a prerelease, and a server that counts. */
async function mirrorOfCheckpoints() {
  const aliases = { 'mp_20/ldm.ckpt': ['mp_20_ldm'] };
  const files = { 'mp_20/vae.ckpt': vae, 'mp_20/ldm.ckpt': ldm };
  const mirror = await layOutMirror([
    { collection: 'chem', version: '0.1.0', files: { ...files, 'mp_20/vae.ckpt': 'old vae' }, aliases },
    { collection: 'chem', version: '0.2.0', files, aliases },
    { collection: 'chem', version: '0.3.0-rc.1', files: { 'mp_20/vae.ckpt': 'candidate' } },
  ]);
  const server = await unrulyServer(mirror.root);
  const cache = await temporaryFolder();
  return { mirror, server, cache, env: { WEIGHBRIDGE_CACHE: cache } };
}

const vaeKey = 'chem/0.2.0/mp_20/vae.ckpt';

describe.skipIf(!hasProgram('python3'))('the Python consumer as a cache', () => {
  it('CH-2 get gives one local path; again it costs no transfer and works offline; force fetches again', async () => {
    const { server, cache, env } = await mirrorOfCheckpoints();
    const code = `
base = sys.argv[1]
seen = []
def heard(done, total, file):
    seen.append([done, total, file, threading.current_thread() is threading.main_thread()])
first = wg.get("chem@0.2.0", "mp_20-vae.ckpt", base=base, progress=heard)
again = wg.get("chem@0.2.0", "mp_20-vae.ckpt", base=base)
away = wg.get("chem", "mp_20-vae.ckpt", offline=True)
forced = wg.get("chem@0.2.0", "mp_20-vae.ckpt", base=base, force=True)
every = wg.get("chem", base=base)
print(json.dumps([first, again, away, forced, every, seen]))`;
    const [first, again, away, forced, every, seen] = (await pythonProgram(code, [server.url], { env })).json<
      [string, string, string, string, string[], [number, number, string, boolean][]]
    >();
    const path = join(cache, 'chem/0.2.0/mp_20/vae.ckpt');
    expect([first, again, away, forced]).toEqual([path, path, path, path]);
    expect(every).toEqual([join(cache, 'chem/0.2.0/mp_20/ldm.ckpt'), path]);
    expect(await readFile(path)).toEqual(vae);
    expect(server.sent(vaeKey)).toBe(2 * vae.length);
    expect(seen.at(-1)).toEqual([vae.length, vae.length, 'mp_20/vae.ckpt', true]);
  });

  it('CH-3 a damaged copy is moved aside and fetched once more; then it fails, naming both digests', async () => {
    const { server, cache, env } = await mirrorOfCheckpoints();
    const path = join(cache, 'chem/0.2.0/mp_20/vae.ckpt');
    const get = ['chem@0.2.0', 'mp_20-vae.ckpt', '--from', server.url, '--json'];
    await weighbridgeGet(get, { env });
    const damaged = Buffer.from(vae);
    damaged.writeUInt8(damaged.readUInt8(1000) ^ 1, 1000);
    await writeFile(path, damaged);
    const mended = await weighbridgeGet(get, { env });
    expect(mended.json<PullReport>().files[0]).toMatchObject({ state: 'fetched', bytesFetched: vae.length });
    expect(await readFile(path)).toEqual(vae);
    const aside = await readdir(join(cache, '.weighbridge/quarantine'));
    expect(aside).toEqual([sha256(vae)]);
    expect(await readFile(join(cache, '.weighbridge/quarantine', sha256(vae)))).toEqual(damaged);

    await writeFile(path, damaged);
    server.misbehave(vaeKey, answerWith(damaged));
    const before = server.sent(vaeKey);
    const failed = await weighbridgeGet(get, { env });
    expect(failed.status).toBe(1);
    const [file] = failed.json<PullReport>().files;
    expect(file).toMatchObject({ state: 'failed', code: 'Mismatch' });
    expect(file?.reason).toContain(`expected sha256 ${sha256(vae)}, got ${sha256(damaged)}`);
    expect(server.sent(vaeKey) - before).toBe(vae.length);
    expect(await readdir(join(cache, 'chem/0.2.0/mp_20'))).toEqual([]);
  });

  it('CH-4 network errors and 5xx are tried again; 404, 401 and unknown names fail at once, each in its own way', async () => {
    const { server, env } = await mirrorOfCheckpoints();
    const code = `
def fails(*names, **options):
    try:
        wg.get(*names, base=sys.argv[1], **options)
    except wg.WeighbridgeError as error:
        return [type(error).__name__, error.exit, error.message]
print(json.dumps([
    fails("chem@0.2.0", "nothing"), fails("chem@9.0.0"), fails("nobody"),
    fails("chem@0.2.0", "mp_20-vae.ckpt"), fails("chem@0.2.0", "mp_20-ldm.ckpt"),
    fails("chem@0.1.0", "mp_20-vae.ckpt", attempts=3), fails("chem@0.1.0", "mp_20-ldm.ckpt", attempts=3)]))`;
    server.misbehave(vaeKey, answerStatus(404));
    server.misbehave('chem/0.2.0/mp_20/ldm.ckpt', answerStatus(401));
    server.misbehave('chem/0.1.0/mp_20/vae.ckpt', answerStatus(503));
    server.misbehave('chem/0.1.0/mp_20/ldm.ckpt', (response) => response.socket?.destroy());
    const told = (await pythonProgram(code, [server.url], { env })).json<[string, number, string][]>();
    expect(told.map(([name, exit]) => [name, exit])).toEqual([
      ['NotFound', 5],
      ['NotFound', 5],
      ['NotFound', 5],
      ['NotFound', 5],
      ['NotAuthorised', 4],
      ['Unavailable', 1],
      ['Unavailable', 1],
    ]);
    expect(new Set(told.map(([, , message]) => message)).size).toBe(told.length);
    const asked = (key: string) => server.log.filter((line) => line.startsWith(`GET /${key}`)).length;
    expect([vaeKey, 'chem/0.2.0/mp_20/ldm.ckpt'].map(asked)).toEqual([1, 1]);
    expect(asked('chem/0.1.0/mp_20/vae.ckpt')).toBe(3);
    // One more: a connection that was kept open may have ended meanwhile, which is no try.
    expect(asked('chem/0.1.0/mp_20/ldm.ckpt')).toBe(4);
  });

  it('CH-5 names match exactly and the message lists the known ones; a renamed file has its old name too', async () => {
    const { server, env } = await mirrorOfCheckpoints();
    const code = `
told = []
for name in ["mp_20", "", "20_vae", "MP_20-vae.ckpt", "mp_20-vae"]:
    try:
        told.append(wg.get("chem", name, base=sys.argv[1]))
    except wg.NotFound as error:
        told.append(error.message)
same = {wg.get("chem", name, base=sys.argv[1]) for name in ["mp_20_ldm", "mp_20-ldm.ckpt", "mp_20/ldm.ckpt"]}
several = wg.get("chem", ["mp_20-vae.ckpt", "mp_20_ldm", "mp_20/ldm.ckpt", "mp_20-vae.ckpt"], base=sys.argv[1])
assert wg.get("chem", []) == []
print(json.dumps([told, len(same), [pathlib.Path(path).name for path in several]]))`;
    const [told, same, several] = (await pythonProgram(code, [server.url], { env })).json<
      [string[], number, string[]]
    >();
    expect(several).toEqual(['vae.ckpt', 'ldm.ckpt', 'ldm.ckpt', 'vae.ckpt']);
    expect(told).toHaveLength(5);
    for (const message of told) expect(message).toMatch(/^chem@0\.2\.0 has no ".*mp_20-ldm\.ckpt, mp_20-vae\.ckpt$/);
    expect(same).toBe(1);
  });

  it('CH-6 a path of a file comes back unchanged, with neither registry nor network; other text is always a name', async () => {
    const folder = await temporaryFolder();
    await writeFile(join(folder, 'mine.ckpt'), 'mine');
    const { server, env } = await mirrorOfCheckpoints();
    const code = `
from pathlib import Path
given = [os.path.abspath("mine.ckpt"), "./mine.ckpt", Path("mine.ckpt")]
same = all(wg.get("chem@0.2.0", one) is one and wg.get(one) is one for one in given)
try:
    wg.get("chem@0.2.0", "./absent.ckpt")
except wg.NotFound as error:
    absent = error.message
# A file of that name in the current folder does not stand in for a release's file: it is not proven.
try:
    wg.get("chem@0.2.0", "mine.ckpt", base=sys.argv[1])
except wg.NotFound as error:
    shadow = error.message
print(json.dumps([same, absent, shadow]))`;
    const [same, absent, shadow] = (await pythonProgram(code, [server.url], { env, cwd: folder })).json<unknown[]>();
    expect(same).toBe(true);
    expect(absent).toContain('there is no file ./absent.ckpt');
    expect(shadow).toContain('has no "mine.ckpt"');
  });

  it('CH-7 files lie at DIR/FILE, and without DIR where no current folder has a say', async () => {
    const { server, cache } = await mirrorOfCheckpoints();
    const [here, home] = [await temporaryFolder(), await temporaryFolder()];
    const code = `
paths = [wg.get("chem", "mp_20-vae.ckpt", base=sys.argv[1])]
paths.append(wg.get("chem", "mp_20-vae.ckpt", base=sys.argv[1], dir="weights"))
paths.append(wg.get("chem", "mp_20-vae.ckpt", base=sys.argv[1], cache=sys.argv[2]))
print(json.dumps(paths))`;
    const options = { cwd: here, env: { HOME: home } };
    const paths = (await pythonProgram(code, [server.url, cache], options)).json();
    expect(paths).toEqual([
      join(home, '.cache/weighbridge/chem/0.2.0/mp_20/vae.ckpt'),
      join(here, 'weights/mp_20/vae.ckpt'),
      join(cache, 'chem/0.2.0/mp_20/vae.ckpt'),
    ]);
    expect(await readdir(here)).toEqual(['weights']);
  });

  it('CH-8 the skip switch fails fast with an error and an exit code of its own; what is in the cache still works', async () => {
    const { server, cache, env } = await mirrorOfCheckpoints();
    const skipping = { env: { ...env, WEIGHBRIDGE_SKIP_DOWNLOAD: '1' } };
    const one = ['chem@0.2.0', 'mp_20-vae.ckpt', '--from', server.url];
    const empty = await weighbridgeGet([...one, '--json'], skipping);
    expect([empty.status, empty.json<{ error: { code: string } }>().error.code]).toEqual([6, 'Skipped']);
    expect(server.log).toEqual([]);
    await weighbridgeGet(one, { env });
    const asked = server.log.length;
    const cached = await weighbridgeGet(one, skipping);
    expect([cached.status, cached.stdout]).toEqual([0, `${join(cache, 'chem/0.2.0/mp_20/vae.ckpt')}\n`]);
    const other = await pythonProgram(
      `
try:
    wg.get("chem@0.2.0", base=sys.argv[1])
except wg.Skipped as error:
    print(json.dumps([error.exit, [file["state"] for file in error.report["files"]]]))`,
      [server.url],
      skipping,
    );
    expect(other.json()).toEqual([6, ['missing', 'valid']]);
    expect(server.log.length).toBe(asked);
  });

  it('CH-9 versions coexist: the old one gives the old bytes after a new one came', async () => {
    const { server, env } = await mirrorOfCheckpoints();
    const code = `
base = sys.argv[1]
print(json.dumps([wg.latest("chem", base=base), open(wg.get("chem@0.2.0", "mp_20-vae.ckpt", base=base), "rb").read(9).hex(),
    open(wg.get("chem@0.1.0", "mp_20-vae.ckpt", base=base), "rb").read(9).hex(),
    open(wg.get("chem@0.3.0-rc.1", "mp_20-vae.ckpt", base=base), "rb").read(9).hex(), wg.latest("chem", offline=True)]))`;
    const hex = (text: Buffer | string) => Buffer.from(text).subarray(0, 9).toString('hex');
    const told = (await pythonProgram(code, [server.url], { env })).json();
    expect(told).toEqual(['0.2.0', hex(vae), hex('old vae'), hex('candidate'), '0.2.0']);
  });

  it('TV-8 it gives proven files of a version or of the latest, which is no prerelease; a flipped byte leaves no file', async () => {
    const { server, cache, env } = await mirrorOfCheckpoints();
    const fetched = await weighbridgeGet(['chem', '--from', server.url, '--json'], { env });
    expect(fetched.json<PullReport>()).toMatchObject({ ok: true, release: 'chem@0.2.0' });
    await rm(join(cache, 'chem/0.2.0/mp_20/vae.ckpt'));
    const flipped = Buffer.from(vae);
    flipped.writeUInt8(flipped.readUInt8(7) ^ 128, 7);
    server.misbehave(vaeKey, answerWith(flipped));
    const failed = await weighbridgeGet(['chem@0.2.0', 'mp_20-vae.ckpt', '--from', server.url], { env });
    expect([failed.status, failed.stdout]).toEqual([1, '']);
    expect(await readdir(join(cache, 'chem/0.2.0/mp_20'))).toEqual(['ldm.ckpt']);
    expect(await readdir(join(cache, '.weighbridge/partial'))).toEqual([]);
  });

  it('CH-12 importing it opens no connection, no file and no process', async () => {
    const code = `
events = []
sys.addaudithook(lambda event, args: events.append([event, str(args[0])]))
del sys.modules["weighbridge_get"]
import weighbridge_get
wanted = ("socket.", "subprocess.", "os.mkdir", "os.remove", "os.rename", "os.system", "http.client.", "urllib.", "ssl.")
writes = [one for one in events if one[0].startswith(wanted)]
print(json.dumps([writes, [path for event, path in events if event == "open"], threading.active_count()]))`;
    const [events, opened, threads] = (await pythonProgram(code)).json<[string[], string[], number]>();
    expect(events).toEqual([]);
    expect(opened.filter((path) => !path.endsWith('weighbridge_get.py') && !path.includes('weighbridge_get.'))).toEqual(
      [],
    );
    expect(threads).toBe(1);
  });

  it('CH-13 six files that two processes fetch at once are sent once each, and all are right', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, at) => [`f${at}`, sampleBytes(1_500_000, `f${at}`)]),
    );
    const mirror = await layOutMirror([{ collection: 'six', version: '1.0.0', files }]);
    const server = await unrulyServer(mirror.root);
    const cache = await temporaryFolder();
    const get = () => weighbridgeGet(['six', '--from', server.url, '--json'], { env: { WEIGHBRIDGE_CACHE: cache } });
    const reports = (await Promise.all([get(), get()])).map((run) => run.json<PullReport>());
    expect(reports.map(({ ok }) => ok)).toEqual([true, true]);
    expect(reports.reduce((sum, { bytesFetched }) => sum + bytesFetched, 0)).toBe(6 * 1_500_000);
    for (const [file, bytes] of Object.entries(files)) {
      expect(server.sent(`six/1.0.0/${file}`)).toBe(bytes.length);
      expect(await readFile(join(cache, 'six/1.0.0', file))).toEqual(bytes);
    }
  });

  it('CH-13 it and weighbridge pull fill one cache at once: each file is sent once, and both know it from there', async () => {
    const files = Object.fromEntries(
      Array.from({ length: 6 }, (_, at) => [`f${at}`, sampleBytes(1_500_000, `f${at}`)]),
    );
    const mirror = await layOutMirror([{ collection: 'six', version: '1.0.0', files }]);
    const server = await unrulyServer(mirror.root);
    const folder = await temporaryFolder();
    const slowly = answerSlowly(60);
    for (const file of Object.keys(files)) server.misbehave(`six/1.0.0/${file}`, slowly);
    const options = { folder, layout: 'cache', clock: systemClock } as const;
    const [python, node] = await Promise.all([
      weighbridgeGet(['six', '--from', server.url, '--json'], { env: { WEIGHBRIDGE_CACHE: folder } }),
      pull('six', folder, { ...options, reader: httpMirror(server.url) }),
    ]);
    expect([python.json<PullReport>().ok, node.ok]).toEqual([true, true]);
    for (const file of Object.keys(files)) expect(server.sent(`six/1.0.0/${file}`)).toBe(1_500_000);
    const away = await weighbridgeGet(['six', '--offline', '--json'], { env: { WEIGHBRIDGE_CACHE: folder } });
    expect(away.json<PullReport>().files.map(({ state }) => state)).toEqual(Array(6).fill('valid'));
    expect((await pull('six', folder, options)).ok).toBe(true);
  });
});

/** Whole answers that take so many milliseconds. */
function answerSlowly(milliseconds: number): Misbehaviour {
  return (response, bytes, request) => void setTimeout(() => answer(response, bytes, request), milliseconds);
}

function sha256(bytes: Uint8Array): string {
  return Sha256.ofBytes(bytes).hex;
}
