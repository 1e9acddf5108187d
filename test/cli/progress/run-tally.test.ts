import { describe, expect, it } from 'vitest';
import { RunTally } from '../../../lib/cli/progress/run-tally.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';

const mib = 2 ** 20;

function tallyOf(events: readonly (readonly [at: number, event: CoreEvent])[]): RunTally {
  const tally = new RunTally();
  for (const [at, event] of events) tally.take(event, at);
  return tally;
}

const begun: CoreEvent = { type: 'run-started', job: 'stage', release: 'a@1.0.0', artifacts: 3 };
const planned: CoreEvent = { type: 'planned', artifacts: 2, bytes: 100 * mib };

function started(id: string, bytes: number): CoreEvent {
  return { type: 'artifact-started', id, bytes, source: undefined };
}

function progress(id: string, done: number, total: number): CoreEvent {
  return { type: 'progress', id, done, total };
}

describe('what is known of a run', () => {
  it('adds up artifacts in flight and finished ones, and leaves out what was there already', () => {
    const tally = tallyOf([
      [0, begun],
      [0, { type: 'artifact-finished', id: 'old', state: 'present', bytes: 7 * mib }],
      [0, planned],
      [0, started('a', 60 * mib)],
      [1, progress('a', 30 * mib, 60 * mib)],
      [2, started('b', 40 * mib)],
      [2, { type: 'artifact-finished', id: 'b', state: 'staged', bytes: 40 * mib }],
    ]);
    expect(tally.doneBytes).toBe(70 * mib);
    expect([tally.finished, tally.failed, tally.active.size]).toEqual([2, 0, 1]);
  });

  it('estimates the time left from what arrived in the last seconds', () => {
    const events: [number, CoreEvent][] = [
      [0, begun],
      [0, planned],
      [0, started('a', 100 * mib)],
    ];
    for (let second = 1; second <= 20; second += 1) events.push([second, progress('a', second * mib, 100 * mib)]);
    const tally = tallyOf(events);
    expect(tally.meter.rate(20)).toBeCloseTo(mib, -3);
    expect(tally.secondsLeft(20)).toBeCloseTo(80, 0);
    expect(tally.meter.rate(30)).toBe(0);
    expect(tally.secondsLeft(30)).toBeUndefined();
  });

  it('does not take what a checkpoint held for something that arrived now', () => {
    const tally = tallyOf([
      [0, begun],
      [0, planned],
      [0, started('a', 100 * mib)],
      [0.1, progress('a', 90 * mib, 100 * mib)],
      [1.1, progress('a', 91 * mib, 100 * mib)],
    ]);
    expect(tally.doneBytes).toBe(91 * mib);
    expect(tally.meter.rate(1.1)).toBeCloseTo(mib / 1.1, -3);
  });

  it('follows an artifact that begins again', () => {
    const tally = tallyOf([
      [0, begun],
      [0, planned],
      [0, started('a', 100 * mib)],
      [1, progress('a', 5 * mib, 100 * mib)],
      [2, progress('a', 0, 100 * mib)],
      [3, progress('a', 5 * mib, 100 * mib)],
    ]);
    expect(tally.doneBytes).toBe(5 * mib);
    expect(tally.meter.rate(5)).toBeCloseTo((10 * mib) / 5, -3);
  });

  it('no longer waits for the bytes of an artifact that failed', () => {
    const tally = tallyOf([
      [0, begun],
      [0, planned],
      [0, started('a', 60 * mib)],
      [1, { type: 'artifact-finished', id: 'a', state: 'failed', bytes: 0, reason: 'wrong-digest' }],
    ]);
    expect(tally.plannedBytes).toBe(40 * mib);
    expect(tally.failed).toBe(1);
  });

  it('starts over with the next release', () => {
    const tally = tallyOf([
      [0, begun],
      [0, planned],
      [1, started('a', mib)],
      [2, { type: 'run-finished', release: 'a@1.0.0', state: 'failed', seconds: 2 }],
      [3, { ...begun, release: 'b@1.0.0' } as CoreEvent],
    ]);
    expect([tally.release, tally.doneBytes, tally.plannedBytes, tally.active.size]).toEqual([
      'b@1.0.0',
      0,
      undefined,
      0,
    ]);
  });

  it('takes over the figures of a run on other machines, whose first ones did not arrive now', () => {
    const tally = new RunTally();
    const standing = (bytes: number, done: number): CoreEvent => ({
      ...{ type: 'standing', finished: 1, failed: 0, bytes },
      active: [{ id: 'a', done, total: 60 * mib }],
    });
    for (const [at, event] of [
      [0, begun],
      [0, planned],
      [0, standing(50 * mib, 10 * mib)],
      [10, standing(70 * mib, 30 * mib)],
    ] as const) {
      tally.take(event, at);
    }
    expect(tally.doneBytes).toBe(70 * mib);
    expect(tally.finished).toBe(1);
    expect(tally.active.get('a')).toMatchObject({ done: 30 * mib, total: 60 * mib });
    expect(tally.meter.rate(10)).toBeCloseTo(2 * mib, -5);
    tally.take({ type: 'standing', finished: 2, failed: 1, bytes: 100 * mib, active: [] }, 20);
    expect([...tally.active]).toEqual([]);
    expect(tally).toMatchObject({ finished: 2, failed: 1, doneBytes: 100 * mib });
  });
});
