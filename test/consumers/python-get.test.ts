import { mkdir, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { answerStatus, answerWith, unrulyServer } from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { ended, pythonProgram, startPython, weighbridgeGet } from './run-python.ts';

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
first = wg.get("chem@0.2.0", "mp_20-vae.ckpt", base=base, progress=lambda *a: seen.append((*a, threading.current_thread() is threading.main_thread())))
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
});
