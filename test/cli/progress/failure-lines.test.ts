import { describe, expect, it } from 'vitest';
import { FailureLines } from '../../../lib/cli/progress/failure-lines.ts';
import type { CoreEvent } from '../../../lib/core/events.ts';

type Job = Extract<CoreEvent, { type: 'run-started' }>['job'];

const attempt = (id: string, reason: string): CoreEvent => {
  return { type: 'attempt', id, source: 'https://a.example/x', outcome: 'missing', reason };
};
const ending = (id: string, state: 'failed' | 'staged', reason?: string): CoreEvent => {
  return { type: 'artifact-finished', id, state, bytes: 0, ...(reason === undefined ? {} : { reason }) };
};
const finished: CoreEvent = { type: 'run-finished', release: 'a@1.0.0', state: 'failed', seconds: 1 };

/** Lines by event, each of them at its time in seconds. */
function linesOf(job: Job, events: readonly (readonly [at: number, event: CoreEvent])[]): string[] {
  const failures = new FailureLines();
  failures.take({ type: 'run-started', job, release: 'a@1.0.0', artifacts: 1 }, 0);
  return events.flatMap(([at, event]) => failures.take(event, at));
}

describe('failures while the work goes on', () => {
  it('are left to the result where it comes at once', () => {
    expect(
      linesOf('stage', [
        [0, attempt('x', 'gone')],
        [0, ending('x', 'failed', 'gone')],
        [1, finished],
      ]),
    ).toEqual([]);
  });

  it('are said of a source where another one delivered, because the result does not say it', () => {
    expect(
      linesOf('stage', [
        [0, attempt('x', 'gone')],
        [1, ending('x', 'staged')],
        [1, finished],
      ]),
    ).toEqual(['x: missing: https://a.example/x: gone']);
  });

  it('are said of an artifact that never ended', () => {
    expect(
      linesOf('stage', [
        [0, attempt('x', 'gone')],
        [1, finished],
      ]),
    ).toEqual(['x: missing: https://a.example/x: gone']);
  });

  it('are said in a longer run, the reason once', () => {
    expect(
      linesOf('stage', [
        [0, attempt('x', 'gone')],
        [3, ending('x', 'failed', '2 sources failed; the last: gone')],
        [3, ending('y', 'failed', 'damaged')],
        [9, finished],
      ]),
    ).toEqual(['x: missing: https://a.example/x: gone', 'x: failed', 'y: failed: damaged']);
  });

  it('are said at the end of work that comes to no result', () => {
    const failures = new FailureLines();
    failures.take(ending('x', 'failed', 'wrong digest'), 0);
    expect(failures.rest()).toEqual(['x: failed: wrong digest']);
    expect(failures.rest()).toEqual([]);
  });

  it('are said by the problems of lock alone where a source failed', () => {
    expect(
      linesOf('lock', [
        [0, attempt('x', 'gone')],
        [9, ending('x', 'staged')],
        [9, finished],
      ]),
    ).toEqual([]);
  });
});
