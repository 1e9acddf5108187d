import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import type { Fault } from '../upstream/fault.ts';
import { startUpstream, type Upstream } from '../upstream/upstream.ts';

const program = fileURLToPath(new URL('../../bin/weighbridge.js', import.meta.url));
const weights = Buffer.alloc(20 << 20, 'weights');
const sha256 = createHash('sha256').update(weights).digest('hex');
const secrets = ['s1gnature', 'pa55word', 'us3rname', 'fr4gment'];

let cwd: string;
let upstream: Upstream;

beforeEach(async () => {
  cwd = await mkdtemp(join(tmpdir(), 'weighbridge-secrets-'));
  upstream = await startUpstream();
  upstream.put('/weights.bin', weights);
  const lines = ['weighbridge: 1', 'collection: models', 'version: 1.0.0', 'access: public', 'artifacts:'];
  lines.push('  - id: weights', '    kind: checkpoint', '    file: weights.bin', '    sources: []');
  await writeFile(
    join(cwd, 'm.yaml'),
    `${[...lines, `    sha256: ${sha256}`, `    size: ${weights.length}`].join('\n')}\n`,
  );
});
afterEach(async () => {
  await upstream.close();
  await rm(cwd, { recursive: true, force: true });
});

interface Run {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function start(argv: readonly string[], input: string | undefined) {
  const child = spawn(process.execPath, [program, ...argv], { cwd, env: { ...process.env, DEBUG: 'weighbridge' } });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  if (input !== undefined) child.stdin.end(input);
  const ended = new Promise<Run>((resolve) => child.on('close', (code) => resolve({ code, stdout, stderr })));
  return { child, ended, said: () => stderr };
}

const stage = (url: string, ...more: string[]) =>
  start(['stage', 'm.yaml', '--trust-origin', upstream.origin, '--source', 'weights=-', ...more], `${url}\n`);

async function expectNothingLeaked(run: Run): Promise<void> {
  const texts = new Map([
    ['stdout', run.stdout],
    ['stderr', run.stderr],
  ]);
  for (const entry of await readdir(cwd, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile() || entry.name === 'weights.bin' || entry.name.endsWith('.data')) continue;
    texts.set(entry.name, await readFile(join(entry.parentPath, entry.name), 'latin1'));
  }
  for (const [where, text] of texts) {
    for (const secret of secrets) expect(text.includes(secret), `${secret} in ${where}: ${text}`).toBe(false);
  }
}

describe('a signed URL from stdin', () => {
  const signed = () =>
    `${upstream.url('/weights.bin')}?X-Amz-Signature=s1gnature&id=s1gnature&versionId=3HL4kqt#fr4gment`;

  it('is used, and recorded as host and path', async () => {
    const run = await stage(signed(), '--json', '--progress', 'json').ended;
    expect(run.code, run.stderr).toBe(0);
    const { artifacts } = JSON.parse(await readFile(join(cwd, 'mirror/models/1.0.0/release.json'), 'utf8'));
    expect(artifacts[0].origin.source).toBe(upstream.url('/weights.bin?versionId=3HL4kqt'));
    await expectNothingLeaked(run);
  });

  const faults: readonly (readonly [string, Fault])[] = [
    ['refused with 403', { kind: 'status', status: 403 }],
    ['not there', { kind: 'status', status: 404 }],
    ['redirected to a private address', { kind: 'redirect', to: 'http://10.0.0.1/x?X-Amz-Signature=s1gnature' }],
    ['redirected to nonsense', { kind: 'redirect', to: 'ftp://us3rname:pa55word@host/?sig=s1gnature' }],
    ['answered with HTML', { kind: 'html' }],
    ['answered with other bytes', { kind: 'flip', at: 5 }],
    ['dropped', { kind: 'drop' }],
  ];
  it.each(faults)('does not leak when it is %s', async (_, fault) => {
    upstream.fault('/weights.bin', fault);
    for (const progress of ['plain', 'json']) {
      const run = await stage(signed(), '--attempts', '1', '--progress', progress).ended;
      expect(run.code).toBe(1);
      expect(upstream.requests).not.toHaveLength(0);
      await expectNothingLeaked(run);
    }
  });

  it.each([
    ['with a user and a password', () => signed().replace('://', '://us3rname:pa55word@')],
    ['that is none', () => 'pa55word s1gnature'],
    ['of another scheme', () => 'ftp://us3rname:pa55word@127.0.0.1/weights.bin?sig=s1gnature'],
    ['of a host that is not there', () => 'https://us3rname:pa55word@nowhere.invalid/weights.bin?sig=s1gnature'],
    ['of a port that nobody listens at', () => 'https://127.0.0.1:1/weights.bin?sig=s1gnature'],
  ])('does not leak %s', async (_, url) => {
    const run = await stage(url(), '--attempts', '1', '--json').ended;
    expect(JSON.parse(run.stdout)).toBeDefined();
    await expectNothingLeaked(run);
  });

  it('does not leak into the checkpoint of an interrupted run, which ends with one document', async () => {
    upstream.fault('/weights.bin', { kind: 'stall', at: 5 << 20 }, { method: 'GET' });
    const { child, ended } = stage(signed(), '--json', '--progress', 'json');
    for (let tries = 0; tries < 600 && !upstream.requests.some(({ method }) => method === 'GET'); tries += 1)
      await delay(50);
    await delay(300);
    child.kill('SIGINT');
    const run = await ended;
    expect(run.code).toBe(130);
    expect(JSON.parse(run.stdout)).toMatchObject({ ok: false, error: { code: 'Interrupted' } });
    for (const line of run.stderr.trimEnd().split('\n')) expect(JSON.parse(line)).toHaveProperty('type');
    await expectNothingLeaked(run);
  });

  it('is waited for only until Ctrl-C', async () => {
    const argv = ['stage', 'm.yaml', '--source', 'weights=-', '--json'];
    const { child, ended, said } = start(argv, undefined);
    await delay(1500);
    child.kill('SIGINT');
    for (let tries = 0; tries < 200 && !said().includes('stopping'); tries += 1) await delay(50);
    const run = await Promise.race([ended, delay(10_000, undefined)]);
    child.stdin.end();
    expect(run?.code).toBe(130);
    expect(JSON.parse(run?.stdout ?? '')).toMatchObject({ error: { code: 'Interrupted' } });
  });
});

describe('two spellings of one store', () => {
  it('do not clear away what the other is still uploading', async () => {
    const text = (await readFile(join(cwd, 'm.yaml'), 'utf8')).replace(
      'sources: []',
      `source: ${upstream.url('/weights.bin')}`,
    );
    await writeFile(join(cwd, 'm.yaml'), text);
    upstream.fault(
      '/weights.bin',
      { kind: 'throttle', bytesPerSecond: 3_000_000 },
      { method: 'GET', from: 1, times: 3 },
    );
    const argv = ['stage', 'm.yaml', '--trust-origin', upstream.origin, '--json', '--progress', 'none'];
    const slow = start([...argv, '--to', 'file:mirror', '--state', 'a'], '');
    onTestFinished(() => void slow.child.kill('SIGKILL'));
    for (
      let tries = 0;
      tries < 600 && upstream.requests.filter(({ method }) => method === 'GET').length < 3;
      tries += 1
    )
      await delay(50);
    slow.child.kill('SIGSTOP');
    const fast = await start([...argv, '--to', 'file:./mirror', '--state', 'b'], '').ended;
    slow.child.kill('SIGCONT');
    expect(JSON.parse(fast.stdout), fast.stderr).toMatchObject({ ok: true, state: 'published' });
    const late = await slow.ended;
    expect(JSON.parse(late.stdout), late.stderr).toMatchObject({ ok: true, state: 'present' });
  });
});
