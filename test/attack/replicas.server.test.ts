import { mkdtemp } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { s3Server } from '../servers/running-servers.ts';
import { onAnotherMachine } from './support/bucket-crash-round.ts';
import type { BucketMirror } from './support/bucket-mirror.ts';
import { bucketProblems } from './support/bucket-problems.ts';
import { crashWindow } from './support/crash-round.ts';
import { gcsMirror } from './support/gcs-mirror.ts';
import type { ProgramProcess } from './support/program-process.ts';
import { s3Mirror } from './support/s3-mirror.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const mebibyte = 1 << 20;
// Another one every time; a failure names it.
const seed = Date.now() % 1_000_000;
const random = seededRandom(seed);
const s3 = s3Server('versitygw');

describe.skipIf(s3 === undefined)(`a primary in S3 with a replica in GCS, and the state in S3 (seed ${seed})`, () => {
  if (s3 === undefined) return;
  let workspace: Workspace;
  let release: TrueRelease;
  let primary: BucketMirror;
  let replica: BucketMirror;

  beforeAll(async () => {
    workspace = await Workspace.open();
    const many = Array.from({ length: 8 }, (_, index) => ({ file: `small/${index}.json`, size: 1000 + 7000 * index }));
    const large = { file: 'weights.bin', size: 40 * mebibyte + 7 };
    release = await workspace.addRelease('large', '1.0.0', [large, ...many]);
  });
  afterAll(() => workspace?.close());
  beforeEach(async () => {
    primary = await s3Mirror(s3);
    replica = await gcsMirror();
    workspace.upstream.forgetRequests();
  });
  afterEach(async () => {
    await primary?.close();
    await replica?.close();
  });

  /** `stage` in a folder that no other run has used. */
  async function stage(variables: Readonly<Record<string, string>> = {}): Promise<ProgramProcess> {
    const folder = await mkdtemp(join(workspace.folder, 'machine-'));
    const places = ['--to', primary.url, '--replica', replica.url, '--state', primary.state];
    const quiet = ['--progress', 'none', '--json', '--trust-origin', workspace.upstream.origin];
    const argv = ['stage', join(workspace.folder, release.manifest), ...places, ...quiet];
    // What no run should end with says where it came from.
    const told = { DEBUG: 'weighbridge', ...variables };
    return workspace.start(argv, { ...primary.variables, ...replica.variables, ...told }, folder);
  }

  async function problems(): Promise<readonly string[]> {
    const found = [...(await bucketProblems(workspace, primary, [release]))];
    found.push(...(await bucketProblems(workspace, replica, [release])));
    const compare = ['verify', '--store', primary.url, '--replica', replica.url, '--progress', 'none'];
    for (const how of [[], ['--quick']]) {
      const verify = workspace.start([...compare, ...how], { ...primary.variables, ...replica.variables });
      const { code, stdout, stderr } = await verify.ended;
      if (code !== 0) found.push(`verify ${how} ended with ${code}: ${stdout}${stderr}`);
      if (how.length > 0)
        expect(stdout).toContain('9 files equal to the primary by stored CRC32C; no content was read');
    }
    return found;
  }

  it('is completed by another machine after a kill, which sends no more than the window again', async () => {
    const first = await stage();
    const bytes = Math.floor((0.5 + random() * 0.4) * release.bytes);
    for (let looks = 0; replica.bytesSent() < bytes && first.running && looks < 6000; looks += 1) await sleep(10);
    first.kill('SIGKILL');
    const { signal, stdout, stderr } = await first.ended;
    expect(signal, stdout + stderr).toBe('SIGKILL');
    const fetched = workspace.upstream.bytesServed();
    const second = await (await stage(onAnotherMachine)).ended;
    const report = JSON.parse(second.stdout);
    expect({ code: second.code, states: report.stores.map(({ state }: { state: string }) => state) }).toEqual({
      code: 0,
      states: ['present', 'published'],
    });
    expect(workspace.upstream.bytesServed()).toBe(fetched);
    const large = release.files.filter(({ size }) => size > 16 * mebibyte).reduce((sum, { size }) => sum + size, 0);
    expect(replica.bytesSent() - large, `killed at ${bytes}`).toBeLessThanOrEqual(crashWindow(release, 8));
    expect(await problems()).toEqual([]);
  }, 300_000);

  it('is completed by two runs at once, and nothing is sent twice', async () => {
    const both = await Promise.all([stage(), stage(onAnotherMachine)]);
    const ended = await Promise.all(both.map((started) => started.ended));
    for (const { code, stdout, stderr } of ended) expect(code, stdout + stderr).toBe(0);
    const large = release.files.filter(({ size }) => size > 16 * mebibyte).reduce((sum, { size }) => sum + size, 0);
    expect(replica.bytesSent()).toBe(large);
    expect(await problems()).toEqual([]);
  }, 300_000);
});
