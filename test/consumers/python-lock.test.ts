import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { KernelLock } from '../../lib/core/stores/kernel-lock.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import { unrulyServer } from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { ended, pythonProgram, startPython } from './run-python.ts';

const taking = `
import sys, time
import weighbridge_get as wg
lock = wg._FileLock(wg._Job(None, 60, 1, (), None), sys.argv[1], "it")
print(lock._try(), flush=True)
sys.stdin.readline()
if len(sys.argv) > 2: time.sleep(60)`;

describe.skipIf(!hasProgram('python3'))('the Python consumer and its lock', () => {
  it('is the lock of weighbridge pull: neither program takes what the other holds, and the dead hold nothing', async () => {
    const path = join(await temporaryFolder(), 'aa.lock');
    const lock = new KernelLock(path);
    const tries = async () => (await ended(startPython(['-c', taking, path]))).stdout.trim();
    expect(lock.tryAcquire()).toBe(true);
    expect(await tries()).toBe('False');
    lock.release();
    const holder = startPython(['-c', taking, path, 'hold']);
    const [said] = await once(holder.stdout, 'data');
    expect(String(said).trim()).toBe('True');
    expect(lock.tryAcquire()).toBe(false);
    expect(await tries()).toBe('False');
    holder.kill('SIGKILL');
    await once(holder, 'close');
    expect(lock.tryAcquire()).toBe(true);
    lock.release();
  });

  it('keeps threads apart too; waiting for it is part of the time that was given; a callback that raises ends the call', async () => {
    const bytes = sampleBytes(3_000_000, 'lock');
    const mirror = await layOutMirror([{ collection: 'l', version: '1.0.0', files: { 'l.pt': bytes } }]);
    const server = await unrulyServer(mirror.root);
    const code = `
from concurrent.futures import ThreadPoolExecutor
options = dict(base=sys.argv[1], dir=sys.argv[2])
class Enough(Exception): pass
def enough(*_): raise Enough
try:
    wg.get("l", "l.pt", progress=enough, **options)
except Enough:
    told = ["raised"]
with ThreadPoolExecutor(4) as pool:
    told.append(len(set(pool.map(lambda _: wg.get("l", "l.pt", **options), range(4)))))
lock = wg._FileLock(wg._Job(None, 60, 1, (), None), wg._Root(sys.argv[2]).lock(wg.verify("l", **options)["files"][0]["sha256"]), "it")
assert lock._try()
try:
    wg.get("l", "l.pt", force=True, timeout=0.5, **options)
except wg.TimedOut:
    told.append("in time")
print(json.dumps([told, threading.active_count()]))`;
    const into = await temporaryFolder();
    const run = await pythonProgram(code, [server.url, into]);
    expect([run.json(), run.stderr]).toEqual([[['raised', 1, 'in time'], 1], '']);
    expect(server.sent('l/1.0.0/l.pt')).toBeLessThan(2 * bytes.length + 1);
  });
});
