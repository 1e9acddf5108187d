import type { Clock } from './clock.ts';
import { WeighbridgeError } from './errors.ts';

/** How often and how long something is tried. Times in seconds. */
export interface RetryPolicy {
  /** Tries in all, the first one included. */
  readonly attempts: number;
  /** Longest wait before the second try; doubles with every try. */
  readonly base: number;
  /** Longest wait between two tries, unless the other side asks for more. */
  readonly cap: number;
  /** Waits add up to this at most. */
  readonly budget: number;
}

/** The budget covers one whole rate-limit window of the Hugging Face Hub: 300 seconds, one more, and jitter. */
export const defaultRetryPolicy: RetryPolicy = { attempts: 5, base: 0.5, cap: 30, budget: 330 };

export interface RetryDeps {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** In [0, 1); `Math.random` by default. */
  readonly random?: () => number;
  readonly onRetry?: (retry: { readonly error: WeighbridgeError; readonly inSeconds: number }) => void;
}

/**
 * The one retry loop: full jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/),
 * and never sooner than the other side asked. Whether another try can help is the thrower's knowledge.
 * @throws the last error, when it is not retryable, or tries or budget are used up.
 */
export async function retry<T>(operation: () => Promise<T>, policy: RetryPolicy, deps: RetryDeps): Promise<T> {
  const random = deps.random ?? Math.random;
  let waited = 0;
  for (let tries = 1; ; tries += 1) {
    try {
      return await operation();
    } catch (error) {
      deps.signal.throwIfAborted();
      if (!(error instanceof WeighbridgeError) || !error.retryable || tries >= policy.attempts) throw error;
      const jittered = random() * Math.min(policy.cap, policy.base * 2 ** (tries - 1));
      const inSeconds = error.retryAfter === undefined ? jittered : error.retryAfter + random();
      if (waited + inSeconds > policy.budget) throw error;
      waited += inSeconds;
      deps.onRetry?.({ error, inSeconds });
      await deps.clock.sleep(inSeconds, deps.signal);
    }
  }
}
