import { describe, expect, it } from 'vitest';
import type { Clock } from '../../lib/core/clock.ts';
import { defaultRetryPolicy, type RetryDeps, retry } from '../../lib/core/retry.ts';
import { SourceError } from '../../lib/core/sources/source.ts';

/** A clock on which sleeping takes no time and is written down. */
class RecordingClock implements Clock {
  readonly slept: number[] = [];
  now(): Date {
    return new Date(0);
  }
  async sleep(seconds: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    this.slept.push(seconds);
  }
}

const transient = (retryAfter?: number) =>
  new SourceError('broken', 'try again', { retryable: true, ...(retryAfter === undefined ? {} : { retryAfter }) });

function setUp(failures: readonly Error[], more: Partial<RetryDeps> = {}) {
  const clock = new RecordingClock();
  let calls = 0;
  const work = retry(
    async () => {
      const error = failures[calls];
      calls += 1;
      if (error !== undefined) throw error;
      return 'done';
    },
    defaultRetryPolicy,
    { clock, signal: new AbortController().signal, random: () => 0.5, ...more },
  );
  return { work, clock, calls: () => calls };
}

describe('retrying', () => {
  it('tries again with waits that double and are jittered, until it works', async () => {
    const reasons: string[] = [];
    const { work, clock } = setUp([transient(), transient(), transient()], {
      onRetry: ({ error, inSeconds }) => reasons.push(`${error.message} ${inSeconds}`),
    });
    expect(await work).toBe('done');
    expect(clock.slept).toEqual([0.25, 0.5, 1]);
    expect(reasons).toEqual(['try again 0.25', 'try again 0.5', 'try again 1']);
  });

  it('never waits less than it was asked to', async () => {
    const { work, clock } = setUp([transient(7)]);
    expect(await work).toBe('done');
    expect(clock.slept).toEqual([7.5]);
  });

  it('sits out a whole window of a rate limit, but not two', async () => {
    const one = setUp([transient(301)]);
    expect(await one.work).toBe('done');
    const two = setUp([transient(301), transient(301)]);
    await expect(two.work).rejects.toThrow('try again');
    expect(two.clock.slept).toHaveLength(1);
  });

  it('ends after five tries with the last error', async () => {
    const errors = [1, 2, 3, 4, 5, 6].map((at) => new SourceError('broken', `failure ${at}`, { retryable: true }));
    const { work, calls } = setUp(errors);
    await expect(work).rejects.toBe(errors[4]);
    expect(calls()).toBe(5);
  });

  it('does not repeat what cannot help', async () => {
    for (const error of [new SourceError('missing', 'not there'), new TypeError('a bug')]) {
      const { work, calls } = setUp([error]);
      await expect(work).rejects.toBe(error);
      expect(calls()).toBe(1);
    }
  });

  it('ends with the reason of the signal', async () => {
    const reason = new Error('stop');
    const { work, calls } = setUp([transient(), transient()], { signal: AbortSignal.abort(reason) });
    await expect(work).rejects.toBe(reason);
    expect(calls()).toBe(1);
  });
});

it('what a loop within another gave up on is not tried again, unless the outer one insists', async () => {
  const deps = { clock: { now: () => new Date(), sleep: async () => {} }, signal: new AbortController().signal };
  const policy = { attempts: 3, base: 1, cap: 1, budget: 100 };
  let tries = 0;
  const fails = async () => {
    tries += 1;
    throw new SourceError('broken', 'busy', { retryable: true });
  };
  const within = () => retry(fails, policy, deps);
  const renamed = () =>
    within().catch((cause: unknown) => {
      throw new SourceError('broken', 'the source is busy', { retryable: true, cause });
    });
  await expect(retry(within, policy, deps)).rejects.toThrow('busy');
  expect(tries).toBe(3);
  tries = 0;
  await expect(retry(renamed, policy, deps)).rejects.toThrow('the source is busy');
  expect(tries).toBe(3);
  tries = 0;
  await expect(retry(within, { ...policy, insists: true }, deps)).rejects.toThrow('busy');
  expect(tries).toBe(9);
});
