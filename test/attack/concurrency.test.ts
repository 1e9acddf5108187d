import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { mirrorProblems } from './support/mirror-problems.ts';
import type { Ended } from './support/program-process.ts';
import { readUntil } from './support/reader.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const mebibyte = 1 << 20;
let workspace: Workspace;

beforeEach(async () => {
  workspace = await Workspace.open();
});

afterEach(() => workspace.close());

function all(processes: readonly { readonly ended: Promise<Ended> }[]): Promise<Ended[]> {
  return Promise.all(processes.map(({ ended }) => ended));
}

function smallFiles(count: number, prefix: string) {
  return Array.from({ length: count }, (_, index) => ({
    file: `small/${index}.bin`,
    size: 20_000 + index,
    seed: `${prefix}-${index}`,
  }));
}

describe('two processes that stage the same manifest', () => {
  it('share the work on large files, and publish one release', async () => {
    const wanted = [
      { file: 'a.bin', size: 20 * mebibyte },
      { file: 'b.bin', size: 12 * mebibyte + 1 },
      ...smallFiles(12, 'same'),
    ];
    const release = await workspace.addRelease('models', '1.0.0', wanted);
    workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 4 * mebibyte });
    const ends = await all([workspace.stage(release), workspace.stage(release)]);
    expect(ends.map(({ code, stdout }) => [code, code === 0 ? JSON.parse(stdout).state : stdout]).sort()).toEqual([
      [0, 'present'],
      [0, 'published'],
    ]);
    expect(workspace.upstream.bytesServed()).toBeLessThan(1.3 * release.bytes);
    expect(await mirrorProblems(workspace, [release])).toEqual([]);
  });

  it('are three, and the one at work is killed: the others finish', async () => {
    const release = await workspace.addRelease('models', '1.0.0', [
      { file: 'a.bin', size: 32 * mebibyte },
      ...smallFiles(5, 'killed'),
    ]);
    workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 2 * mebibyte });
    const first = workspace.stage(release);
    while (first.running && workspace.upstream.bytesServed() < 10 * mebibyte) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    const others = [workspace.stage(release), workspace.stage(release)];
    while (first.running && workspace.upstream.bytesServed() < 20 * mebibyte) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    first.kill('SIGKILL');
    expect((await first.ended).signal).toBe('SIGKILL');
    const ends = await all(others);
    expect(ends.map(({ code, stdout }) => (code === 0 ? code : stdout))).toEqual([0, 0]);
    expect(workspace.upstream.bytesServed() - release.bytes).toBeLessThanOrEqual(32 * mebibyte + 5 * 30_000);
    expect(await mirrorProblems(workspace, [release])).toEqual([]);
  });
});

describe('two processes that stage other content under the same name', () => {
  it.each([
    ['small files, begun from both ends', smallFiles(24, 'x'), smallFiles(24, 'y').reverse()],
    [
      'large and small files, some with the same bytes',
      [{ file: 'a.bin', size: 9 * mebibyte, seed: 'x' }, { file: 'b.bin', size: 9 * mebibyte }, ...smallFiles(6, 'x')],
      [...smallFiles(6, 'x'), { file: 'b.bin', size: 9 * mebibyte }, { file: 'a.bin', size: 9 * mebibyte, seed: 'y' }],
    ],
    ['files that the other does not have', smallFiles(8, 'x'), smallFiles(12, 'x')],
  ])('leave one winner, and nothing of the other: %s', async (_, one, other) => {
    const releases = [
      await workspace.addRelease('models', '1.0.0', one, 'one'),
      await workspace.addRelease('models', '1.0.0', other, 'other'),
    ];
    workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 4 * mebibyte });
    workspace.upstream.fault('*', { kind: 'slow-start', seconds: 0.05 });
    const ends = await all(releases.map((release) => workspace.stage(release, ['--concurrency', '2'])));
    expect(ends.map(({ code }) => code).sort(), ends.map(({ stdout }) => stdout).join('\n')).toEqual([0, 3]);
    const winner = releases[ends.findIndex(({ code }) => code === 0)] as TrueRelease;
    const loser = ends.find(({ code }) => code === 3);
    expect(JSON.parse(loser?.stdout ?? '')).toMatchObject({ ok: false, state: 'refused', error: { code: 'Refused' } });
    expect(await mirrorProblems(workspace, [winner])).toEqual([]);
  });
});

describe('fifty releases, published at the same time by ten processes', () => {
  it('are all in the registry, which a reader never sees broken', async () => {
    const releases: TrueRelease[] = [];
    for (let index = 0; index < 50; index += 1) {
      const name = `models-${index % 5}`;
      releases.push(
        await workspace.addRelease(name, `1.${Math.floor(index / 5)}.0`, smallFiles(3, `release-${index}`)),
      );
    }
    const processes = Array.from({ length: 10 }, (_, index) => {
      const manifests = releases.filter((_, at) => at % 10 === index).map(({ manifest }) => manifest);
      return workspace.start([
        'stage',
        ...manifests,
        '--progress',
        'none',
        '--trust-origin',
        workspace.upstream.origin,
      ]);
    });
    const ending = all(processes);
    const reader = await readUntil(workspace.mirror, ending);
    expect((await ending).map(({ code, stderr }) => (code === 0 ? code : stderr))).toEqual(processes.map(() => 0));
    expect(reader.problems).toEqual([]);
    expect(reader.serials).toBeGreaterThan(5);
    expect(await mirrorProblems(workspace, releases)).toEqual([]);
    const { serial, collections } = await workspace.registry();
    expect(serial).toBe(50);
    expect(Object.values(collections).map(({ versions }) => Object.keys(versions).length)).toEqual([
      10, 10, 10, 10, 10,
    ]);
  });
});

describe('a mirror that is being staged into', () => {
  it('can be verified and pulled from at any moment', async () => {
    const files = (index: number) => [
      { file: 'weights.bin', size: 9 * mebibyte + index, seed: `weights-${index}` },
      ...smallFiles(4, `during-${index}`),
    ];
    const first = await workspace.addRelease('models', '1.0.0', files(0));
    expect(await workspace.stage(first).ended).toMatchObject({ code: 0 });
    const releases = [first];
    for (let index = 1; index < 4; index += 1) {
      releases.push(await workspace.addRelease('models', `1.${index}.0`, files(index)));
    }
    workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 8 * mebibyte });
    let staging = true;
    const manifests = releases.slice(1).map(({ manifest }) => manifest);
    const argv = ['stage', ...manifests, '--progress', 'none', '--trust-origin', workspace.upstream.origin];
    const stage = workspace.start(argv).ended.finally(() => {
      staging = false;
    });
    const readers = async (read: (round: number) => readonly string[]) => {
      const failed: string[] = [];
      let rounds = 0;
      for (; staging || rounds === 0; rounds += 1) {
        const { code, stdout, stderr } = await workspace.start([...read(rounds), '--progress', 'none']).ended;
        if (code !== 0) failed.push(`${read(rounds).join(' ')}: ${code}: ${stdout}${stderr}`);
      }
      return failed;
    };
    await mkdir(join(workspace.folder, 'pulled'));
    const [end, direct, verified, pulled] = await Promise.all([
      stage,
      readUntil(workspace.mirror, stage),
      readers(() => ['verify']),
      readers((round) => ['pull', 'models', '--into', `pulled/${round}`]),
    ]);
    expect(end).toMatchObject({ code: 0 });
    expect(direct.problems).toEqual([]);
    expect(pulled).toEqual([]);
    expect(verified).toEqual([]);
    expect(await mirrorProblems(workspace, releases)).toEqual([]);
  });
});
