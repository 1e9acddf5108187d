import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { countCalls, crashRound, crashWindow, untilMoment } from './support/crash-round.ts';
import { mirrorProblems } from './support/mirror-problems.ts';
import { seededRandom } from './support/seeded-random.ts';
import { type TrueRelease, Workspace } from './support/workspace.ts';

const mebibyte = 1 << 20;
// Another one every time; a failure names it.
const seed = Date.now() % 1_000_000;
const random = seededRandom(seed);

let workspace: Workspace;
let large: TrueRelease;
let small: TrueRelease;

beforeAll(async () => {
  workspace = await Workspace.open();
  const many = Array.from({ length: 24 }, (_, index) => ({ file: `small/${index}.json`, size: 1000 + 7000 * index }));
  large = await workspace.addRelease('large', '1.0.0', [
    { file: 'weights.bin', size: 176 * mebibyte },
    { file: 'extra/weights.bin', size: 9 * mebibyte + 5 },
    ...many,
  ]);
  small = await workspace.addRelease('small', '1.0.0', [
    { file: 'weights.bin', size: 20 * mebibyte + 1 },
    { file: 'extra/weights.bin', size: 9 * mebibyte },
    { file: 'config.json', size: 100 },
    { file: 'extra/tokens.txt', size: 5000 },
  ]);
});

afterAll(() => workspace.close());

describe(`a killed run (seed ${seed})`, () => {
  // A kill may cost 128 MiB: with less, early, it need only be finished.
  it.each([
    ['late', () => large, 0.85],
    ['early', () => small, 0.3],
  ] as const)('is finished by the next one, which fetches no more than the window again: %s', async (_, of, share) => {
    const release = of();
    const bytes = Math.floor((share + random() * 0.1) * release.bytes);
    const round = await crashRound(workspace, release, { at: 'bytes', bytes }, 1);
    expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
    expect(round.killed).toBe(true);
  });

  it.each(['small/1.0.0/weights.bin', 'small/1.0.0/SHA256SUMS', 'small/1.0.0/release.json'])(
    'is finished by the next one when it dies just after %s appeared',
    async (file) => {
      const round = await crashRound(workspace, small, { at: 'file', file, after: Math.floor(random() * 5) });
      expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
    },
  );

  it('is finished by the next one at whatever change of the file system it dies', async () => {
    const calls = await countCalls(workspace, small);
    expect(calls).toBeGreaterThan(60);
    let killed = 0;
    for (let index = 0; index < 3; index += 1) {
      const number = 1 + Math.floor(((index + random()) / 3) * calls);
      const when = random() < 0.5 ? 'before' : 'after';
      const round = await crashRound(workspace, small, { at: 'call', number, when });
      expect(round.problems, JSON.stringify(round.moment)).toEqual([]);
      if (round.killed) killed += 1;
    }
    // The last may come too late: how many calls there are depends on what checkpoints are saved together.
    expect(killed).toBeGreaterThanOrEqual(2);
  });
});

describe('a manifest that lost a file after a run had ended without publishing', () => {
  it('is published without it, and the report says what lies there', async () => {
    await workspace.clear();
    const [first, second, third] = ['a', 'b', 'c'].map((file) => ({ file, size: 1000 }));
    if (first === undefined || second === undefined || third === undefined) throw new Error('three files');
    const before = await workspace.addRelease('edited', '1.0.0', [first, second], 'before');
    const after = await workspace.addRelease('edited', '1.0.0', [first, third], 'after');
    workspace.upstream.remove('/edited/a/a');
    expect(await workspace.stage(before).ended).toMatchObject({ code: 1 });
    await workspace.addRelease('edited', '1.0.0', [first], 'again');
    const { code, stdout } = await workspace.stage(after).ended;
    expect({ code, notes: JSON.parse(stdout).notes.join() }).toEqual({
      code: 0,
      notes: expect.stringContaining('edited/1.0.0/b'),
    });
  });
});

describe('an interrupted run', () => {
  it('says how to go on, exits 130, and the next one goes on from there', async () => {
    await workspace.clear();
    const argv = ['stage', large.manifest, '--concurrency', '1', '--trust-origin', workspace.upstream.origin];
    const first = workspace.start([...argv, '--progress', 'none']);
    await untilMoment(workspace, first, { at: 'bytes', bytes: 150 * mebibyte });
    first.kill('SIGINT');
    const { code, stderr } = await first.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: expect.stringMatching(/run the same command again/i) });
    expect((await workspace.filesIn(workspace.state)).filter((name) => /^(leases|claims)/.test(name))).toEqual([]);
    const second = await workspace.start([...argv, '--progress', 'none']).ended;
    expect(second).toMatchObject({ code: 0 });
    expect(workspace.upstream.bytesServed() - large.bytes).toBeLessThanOrEqual(crashWindow(large, 1));
    expect(await mirrorProblems(workspace, [large])).toEqual([]);
  });
});

describe('a run that was stopped past its lease', () => {
  it('does no harm when it goes on after another one has finished, and ends well', async () => {
    await workspace.clear();
    workspace.upstream.fault('*', { kind: 'throttle', bytesPerSecond: 4 * mebibyte });
    const sleeper = workspace.stage(small);
    await untilMoment(workspace, sleeper, { at: 'bytes', bytes: 12 * mebibyte });
    sleeper.kill('SIGSTOP');
    await delay(50);
    await letLeasesRunOut();
    workspace.upstream.heal();
    const other = await workspace.stage(small).ended;
    expect(other).toMatchObject({ code: 0 });
    sleeper.kill('SIGCONT');
    const woken = await sleeper.ended;
    expect(woken, woken.stdout).toMatchObject({ code: 0 });
    expect(JSON.parse(woken.stdout)).toMatchObject({ state: 'present' });
    expect(await mirrorProblems(workspace, [small])).toEqual([]);
  });
});

/** As if fifteen seconds had gone by. */
async function letLeasesRunOut(): Promise<void> {
  for (const name of await workspace.filesIn(workspace.state)) {
    if (!/^(leases|claims)\//.test(name)) continue;
    const path = join(workspace.state, name);
    const text = await readFile(path, 'utf8');
    await writeFile(path, text.replace(/"until":"[^"]*"/g, '"until":"2020-01-01T00:00:00.000Z"'));
  }
}
