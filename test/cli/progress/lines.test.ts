import { describe, expect, it } from 'vitest';
import { jsonLines } from '../../../lib/cli/progress/json-lines.ts';
import { plainLines } from '../../../lib/cli/progress/plain-lines.ts';
import { openProgress } from '../../../lib/cli/progress/progress.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';
import { HeldClock } from './held-clock.ts';

const mib = 2 ** 20;

function recorder() {
  const lines: string[] = [];
  return { lines, stream: { write: (text: string) => lines.push(text) } };
}

/** One artifact of 100 MiB at 1 MiB a second. */
function run(emit: (event: CoreEvent) => void, clock: HeldClock, artifacts = 1): void {
  emit({ type: 'run-started', job: 'stage', release: 'a@1.0.0', artifacts });
  emit({ type: 'planned', artifacts, bytes: 100 * mib });
  emit({ type: 'artifact-started', id: 'weights', bytes: 100 * mib, source: 'https://host.example/w' });
  for (let second = 1; second <= 100; second += 1) {
    clock.time += 1;
    emit({ type: 'progress', id: 'weights', done: second * mib, total: 100 * mib });
  }
  emit({ type: 'artifact-finished', id: 'weights', state: 'staged', bytes: 100 * mib });
  emit({ type: 'run-finished', release: 'a@1.0.0', state: 'published', seconds: 100 });
}

describe('plain lines', () => {
  it('say the beginning, how far it is every ten seconds, and the end', () => {
    const { lines, stream } = recorder();
    const clock = new HeldClock();
    const progress = plainLines(stream, clock);
    run((event) => progress.emit(event), clock);
    expect(lines[0]).toBe('staging a@1.0.0: 1 artifact\n');
    expect(lines[1]).toBe('1 to do, 100 MiB\n');
    expect(lines[2]).toBe('10 %, 10.0 MiB of 100 MiB, 0 of 1 done, 1.00 MiB/s, 1 min 30 s left\n');
    // None at 100 %: the end follows.
    expect(lines).toHaveLength(2 + 9 + 2);
    expect(lines.slice(-3)).toEqual([
      '90 %, 90.0 MiB of 100 MiB, 0 of 1 done, 1.00 MiB/s, 10 s left\n',
      'weights: staged, 100 MiB\n',
      'a@1.0.0: published after 1 min 40 s\n',
    ]);
  });

  it('say nothing of what was over in a moment, but the beginning', () => {
    const { lines, stream } = recorder();
    const clock = new HeldClock();
    const progress = plainLines(stream, clock);
    progress.emit({ type: 'run-started', job: 'verify', release: 'a@1.0.0', artifacts: 1, store: 'gs://b' });
    progress.emit({ type: 'planned', artifacts: 1, bytes: 1 });
    progress.emit({ type: 'artifact-started', id: 'x', bytes: 1, source: undefined });
    clock.time += 1;
    progress.emit({ type: 'artifact-finished', id: 'x', state: 'valid', bytes: 1 });
    progress.emit({ type: 'run-finished', release: 'a@1.0.0', state: 'valid', seconds: 1 });
    expect(lines).toEqual(['verifying a@1.0.0 in gs://b: 1 artifact\n']);
  });

  it('say what went wrong, but not each of many good endings', () => {
    const { lines, stream } = recorder();
    const clock = new HeldClock();
    const progress = plainLines(stream, clock);
    progress.emit({ type: 'run-started', job: 'stage', release: 'a@1.0.0', artifacts: 1000 });
    progress.emit({ type: 'attempt', id: 'x', source: 'https://a.example/x', outcome: 'missing', reason: '404' });
    progress.emit({ type: 'attempt', id: 'x', source: 'https://b.example/x', outcome: 'ok', reason: '' });
    progress.emit({ type: 'retry', id: 'x', reason: 'connection reset', inSeconds: 2 });
    clock.time += 2;
    progress.emit({ type: 'artifact-finished', id: 'good', state: 'staged', bytes: 1 });
    progress.emit({ type: 'artifact-finished', id: 'bad', state: 'failed', bytes: 0, reason: 'wrong digest' });
    progress.emit({ type: 'waiting', what: 'another run of the same manifest', seconds: 15 });
    progress.emit({ type: 'note', message: 'labels differ' });
    expect(lines).toEqual([
      'staging a@1.0.0: 1000 artifacts\n',
      'x: connection reset; trying again in 2.0 s\n',
      'x: missing: https://a.example/x: 404\n',
      'waiting 15 s for another run of the same manifest\n',
      'labels differ\n',
    ]);
    progress.close();
    expect(lines.at(-1)).toBe('bad: failed: wrong digest\n');
  });

  it('show control characters of names as escapes', () => {
    const { lines, stream } = recorder();
    plainLines(stream, new HeldClock()).emit({ type: 'note', message: 'a\u001b[2Jb\u202ec\n' });
    expect(lines).toEqual(['a\\u001b[2Jb\\u202ec\\n\n']);
  });
});

describe('JSON lines', () => {
  it('are the events, with their time, and not more than five progress events a second each', () => {
    const { lines, stream } = recorder();
    const clock = new HeldClock();
    const progress = jsonLines(stream, clock);
    progress.emit({ type: 'artifact-started', id: 'a', bytes: 5, source: undefined });
    for (let step = 0; step < 100; step += 1) {
      clock.time += 0.01;
      progress.emit({ type: 'progress', id: 'a', done: step, total: 100 });
    }
    progress.emit({ type: 'artifact-finished', id: 'a', state: 'staged', bytes: 5 });
    const events = lines.map((line) => JSON.parse(line));
    expect(events[0]).toEqual({ at: '1970-01-12T13:46:40.000Z', type: 'artifact-started', id: 'a', bytes: 5 });
    expect(events.filter(({ type }) => type === 'progress').length).toBeLessThanOrEqual(5);
    expect(events.at(-1)).toMatchObject({ type: 'artifact-finished', state: 'staged' });
    expect(lines.every((line) => line.endsWith('\n'))).toBe(true);
  });
});

describe('--progress', () => {
  const surroundings = { colour: false, ci: false, term: 'xterm' };

  it.each([
    ['auto', false, 'staging a@1.0.0: 1 artifact\n'],
    ['plain', true, 'staging a@1.0.0: 1 artifact\n'],
    ['none', true, undefined],
  ] as const)('%s, with a terminal: %s', async (mode, isTTY, first) => {
    const { lines, stream } = recorder();
    const clock = new HeldClock();
    const progress = await openProgress(mode, { ...surroundings, stream: { ...stream, isTTY }, clock });
    run((event) => progress.emit(event), clock);
    progress.close();
    expect(lines[0]).toBe(first);
  });

  it('auto is plain in CI and on a terminal that cannot move its cursor', async () => {
    for (const other of [{ ci: true }, { term: 'dumb' }]) {
      const { lines, stream } = recorder();
      const clock = new HeldClock();
      const progress = await openProgress('auto', {
        ...surroundings,
        ...other,
        stream: { ...stream, isTTY: true },
        clock,
      });
      run((event) => progress.emit(event), clock);
      expect(lines[0]).toBe('staging a@1.0.0: 1 artifact\n');
    }
  });
});
