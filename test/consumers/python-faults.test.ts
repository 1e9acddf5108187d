import { readdir, readFile, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Sha256 } from '../../lib/core/digest/sha256.ts';
import type { PullReport } from '../../lib/core/pull/pull-report.ts';
import { layOutMirror, sampleBytes, temporaryFolder } from '../fixtures/mirror.ts';
import {
  answer,
  answerStatus,
  answerWith,
  breakAfter,
  type Misbehaviour,
  unrulyServer,
} from '../fixtures/unruly-server.ts';
import { hasProgram } from '../support/has-program.ts';
import { pythonProgram, weighbridgeGet } from './run-python.ts';

const large = sampleBytes(6 * 1024 * 1024, 'large');
const small = sampleBytes(50_000, 'small');
const largeKey = 'det/1.0.0/large.pt';

async function mirrorOfDetectors() {
  const files = { 'large.pt': large, 'small.pt': small, 'extra.pt': 'extra' };
  const mirror = await layOutMirror([{ collection: 'det', version: '1.0.0', files, optional: ['extra.pt'] }]);
  const server = await unrulyServer(mirror.root);
  const into = await temporaryFolder();
  const sync = ['det@1.0.0', '--from', server.url, '--into', into, '--json'];
  return { mirror, server, into, sync };
}

const states = (report: PullReport) => Object.fromEntries(report.files.map(({ file, state }) => [file, state]));

describe.skipIf(!hasProgram('python3'))('the Python consumer and what goes wrong', () => {
  it('FE-2 FE-3 check tells missing, pointer, size and digest apart and changes nothing; a pointer is replaced', async () => {
    const { server, into, sync } = await mirrorOfDetectors();
    const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${Sha256.ofBytes(large).hex}\nsize ${large.length}\n`;
    const wrong = Buffer.from(small).fill(0);
    await writeFile(join(into, 'large.pt'), pointer);
    await writeFile(join(into, 'small.pt'), wrong);
    const checked = await weighbridgeGet([...sync, '--check']);
    expect(checked.status).toBe(1);
    expect(states(checked.json())).toEqual({ 'large.pt': 'pointer', 'small.pt': 'digest', 'extra.pt': 'missing' });
    expect((await readdir(into)).sort()).toEqual(['large.pt', 'small.pt']);
    expect(await readFile(join(into, 'large.pt'), 'utf8')).toBe(pointer);
    expect(server.sent(largeKey)).toBe(0);

    const fetched = await weighbridgeGet(sync);
    expect([fetched.status, fetched.stderr]).toEqual([0, '']);
    expect(states(fetched.json())).toEqual({ 'large.pt': 'fetched', 'small.pt': 'fetched', 'extra.pt': 'fetched' });
    expect(await readFile(join(into, 'large.pt'))).toEqual(large);

    await writeFile(join(into, 'extra.pt'), 'other');
    const optional = await weighbridgeGet([...sync, '--check']);
    expect([optional.status, states(optional.json())['extra.pt']]).toEqual([0, 'digest']);
    await writeFile(join(into, 'small.pt'), 'short');
    expect(states((await weighbridgeGet([...sync, '--check'])).json())['small.pt']).toBe('size');
  });

  it('FE-4 only what is missing or wrong is fetched, the second time nothing; force fetches all; other files stay', async () => {
    const { into, sync } = await mirrorOfDetectors();
    await writeFile(join(into, 'small.pt'), small);
    await writeFile(join(into, 'mine.pt'), 'mine');
    const fetched: number[] = [];
    for (const more of [[], [], ['--force']]) {
      fetched.push((await weighbridgeGet([...sync, ...more])).json<PullReport>().bytesFetched);
    }
    expect(fetched).toEqual([large.length + 5, 0, large.length + small.length + 5]);
    expect(await readFile(join(into, 'mine.pt'), 'utf8')).toBe('mine');
  });

  it('FE-5 one failing file stops no other; an optional one is a warning, a required one an exit code', async () => {
    const { server, sync } = await mirrorOfDetectors();
    server.misbehave('det/1.0.0/extra.pt', answerStatus(404));
    const optional = await weighbridgeGet(sync);
    expect([optional.status, optional.json<PullReport>().ok]).toEqual([0, true]);
    expect(states(optional.json())).toEqual({ 'large.pt': 'fetched', 'small.pt': 'fetched', 'extra.pt': 'failed' });
    server.misbehave('det/1.0.0/small.pt', answerStatus(403));
    server.misbehave('det/1.0.0/extra.pt', answerStatus(200), 0);
    const required = await weighbridgeGet([...sync, '--force']);
    expect(states(required.json())).toEqual({ 'large.pt': 'fetched', 'small.pt': 'failed', 'extra.pt': 'fetched' });
    expect(required.status).toBe(4);
  });

  it('FE-6 a broken download goes on where it broke; one that stalls or drips ends with the time it was given', async () => {
    const { server, into, sync } = await mirrorOfDetectors();
    server.misbehave(largeKey, breakAfter(2_500_000), 2);
    const report = (await weighbridgeGet(sync)).json<PullReport>();
    expect(report.ok).toBe(true);
    const ranges = server.log.filter((line) => line.startsWith(`GET /${largeKey} bytes=`));
    expect(ranges.length).toBeGreaterThanOrEqual(2);
    // What was on its way when it broke is the only loss.
    expect(server.sent(largeKey)).toBeLessThan(large.length + 2 * 2_500_000);

    const drip: Misbehaviour = (response) => {
      response.writeHead(200, { 'content-length': large.length });
      endless(response, () => response.write('.'));
    };
    const slowHeaders: Misbehaviour = (response) => endless(response, () => response.socket?.write('H'));
    const code = `
told = []
for stall in (60, 0.2, 60):
    began = time.monotonic()
    try:
        wg.get("det", "large.pt", base=sys.argv[1], dir=sys.argv[2], force=True, timeout=1.5 if stall == 60 else None, stall=stall, attempts=1)
    except wg.Unavailable as error:
        told.append([type(error).__name__, error.exit, time.monotonic() - began < 30])
print(json.dumps(told))`;
    server.misbehave(largeKey, drip, 1);
    const silent: Misbehaviour = (response) =>
      void response.writeHead(200, { 'content-length': large.length }).flushHeaders();
    let seen = 0;
    server.misbehave(largeKey, (...all) => [drip, silent, slowHeaders][seen++]?.(...all));
    expect((await pythonProgram(code, [server.url, into])).json()).toEqual([
      ['TimedOut', 130, true],
      ['Unavailable', 1, true],
      ['TimedOut', 130, true],
    ]);
    expect(await readFile(join(into, 'large.pt'))).toEqual(large);
    const late = await weighbridgeGet([...sync, '--force', '--timeout', '1s']);
    expect([late.status, late.json<{ error: { code: string } }>().error.code]).toEqual([130, 'TimedOut']);
  });

  it('FE-7 a good file survives a corrupt, a broken and a refused download', async () => {
    const { server, into, sync } = await mirrorOfDetectors();
    await weighbridgeGet(sync);
    const broken: readonly Misbehaviour[] = [
      answerWith(Buffer.from(large).fill(1)),
      answerStatus(403),
      answerStatus(302),
    ];
    for (const how of broken) {
      server.misbehave(largeKey, how);
      const failed = await weighbridgeGet([...sync, '--force']);
      expect(failed.status).not.toBe(0);
      expect(states(failed.json())['large.pt']).toBe('failed');
      expect(await readFile(join(into, 'large.pt'))).toEqual(large);
    }
  });

  it('FE-8 truncated, oversized, coded and HTML bodies are never installed, whatever length they declare', async () => {
    const { server, into, sync } = await mirrorOfDetectors();
    const page = Buffer.alloc(small.length, '<html>');
    const bodies: readonly (readonly [string, Misbehaviour])[] = [
      ['truncated', answerWith(small.subarray(0, 40_000))],
      ['oversized', answerWith(Buffer.concat([small, small]))],
      ['oversized without a length', (response) => void response.writeHead(200).end(Buffer.concat([small, small]))],
      ['truncated without a length', (response) => void response.writeHead(200).end(small.subarray(0, 100))],
      ['a page of the right length', answerWith(page)],
      ['a page', (response) => void response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Sign in')],
      ['coded', (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(small)],
      ['empty', answerWith('')],
    ];
    const key = 'det/1.0.0/small.pt';
    let at = 0;
    server.misbehave(key, (...all) => bodies[at++]?.[1](...all));
    const code = `
reports = [wg.pull("det", ["small.pt"], base=sys.argv[1], dir=sys.argv[2]) for _ in range(int(sys.argv[3]))]
print(json.dumps([[report["ok"], report["files"][0]["state"]] for report in reports]))`;
    const told = (await pythonProgram(code, [server.url, into, String(bodies.length)])).json<unknown[]>();
    expect(bodies.map(([what], index) => [what, told[index]])).toEqual(
      bodies.map(([what]) => [what, [false, 'failed']]),
    );
    expect((await readdir(into)).sort()).toEqual(['.weighbridge']);
    server.misbehave(key, answer);
    expect((await weighbridgeGet([...sync, 'small.pt'])).status).toBe(0);
  });

  it('FE-12 the skip switch is honoured, and a JSON result gives state, bytes and time of each file', async () => {
    const { into, server, sync } = await mirrorOfDetectors();
    await weighbridgeGet([...sync, 'small.pt']);
    const asked = server.log.length;
    const skipped = await weighbridgeGet(sync, { env: { WEIGHBRIDGE_SKIP_DOWNLOAD: 'true' } });
    expect(skipped.status).toBe(6);
    expect(server.log.length).toBe(asked);
    const [, , file] = skipped.json<PullReport>().files;
    expect(file).toEqual({
      ...{ id: 'small.pt', file: 'small.pt', state: 'valid', required: true, size: small.length, bytesFetched: 0 },
      ...{ sha256: Sha256.ofBytes(small).hex, path: join(into, 'small.pt'), seconds: expect.any(Number) },
    });
    const rest = (await weighbridgeGet(sync)).json<PullReport>();
    expect(rest).toMatchObject({ ok: true, from: server.url, bytesFetched: large.length + 5 });
    const keys = Object.keys(rest).sort();
    expect(keys).toEqual([
      'bytesFetched',
      'collection',
      'files',
      'from',
      'ok',
      'release',
      'seconds',
      'version',
      'warnings',
    ]);
  });
});

/** Writes a little again and again, until the other side has enough. */
function endless(response: ServerResponse, write: () => void): void {
  const timer = setInterval(write, 50);
  response.on('close', () => clearInterval(timer));
  response.on('error', () => {});
}
