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
  /** Tries again also what another loop within the operation has given up on. */
  readonly insists?: boolean;
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

/** What a loop gave up on: to loops around it that is final, because tries and waits would multiply. */
const givenUp = new WeakSet<WeighbridgeError>();

/**
 * The one retry loop: full jitter (https://aws.amazon.com/builders-library/timeouts-retries-and-backoff-with-jitter/),
 * and never sooner than the other side asked. Whether another try can help is the thrower's knowledge. Loops may lie
 * in one another: what the inner one gave up on, the outer one does not try again, unless its policy insists.
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
      if (!(error instanceof WeighbridgeError) || !error.retryable) throw error;
      if (policy.insists !== true && wasGivenUp(error)) throw error;
      if (tries >= policy.attempts) throw giveUp(error);
      const jittered = random() * Math.min(policy.cap, policy.base * 2 ** (tries - 1));
      const inSeconds = error.retryAfter === undefined ? jittered : error.retryAfter + random();
      if (waited + inSeconds > policy.budget) throw giveUp(error);
      waited += inSeconds;
      deps.onRetry?.({ error, inSeconds });
      await deps.clock.sleep(inSeconds, deps.signal);
    }
  }
}

function giveUp(error: WeighbridgeError): WeighbridgeError {
  givenUp.add(error);
  return error;
}

/** Also under another name: what a store says of an object is told as an error of the source that it is. */
function wasGivenUp(error: WeighbridgeError): boolean {
  for (let at: unknown = error; at instanceof WeighbridgeError; at = at.cause) if (givenUp.has(at)) return true;
  return false;
}
