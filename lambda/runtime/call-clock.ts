import { WeighbridgeError } from '../../lib/core/errors.ts';
import type { Call } from './open-runtime.ts';

/** Seconds before the end at which work is stopped that did not stop by itself: enough to say why. */
const lastWord = 0.7;

/** A pass did not return in time; what it had saved is there, and the next one goes on. */
export class OutOfTime extends WeighbridgeError {
  override readonly name = 'OutOfTime';
}

/** A call's time, as Lambda counts it. */
export interface CallClock extends Call {
  /** Stops the clock. */
  end(): void;
}

/**
 * A pass is told that it has less time than it has, so that what it saves at the end fits in: a tenth, at least one
 * second and at most 15. A pass that does not return is stopped just before Lambda would kill it.
 * @param remaining milliseconds, as Lambda's context says
 */
export function callClock(remaining: () => number): CallClock {
  const margin = Math.min(15, Math.max(1, remaining() / 10_000));
  const stop = new AbortController();
  const timer = setTimeout(
    () => stop.abort(new OutOfTime('the time of this call is used up', { retryable: true })),
    Math.max(0, remaining() - lastWord * 1000),
  );
  timer.unref();
  return {
    signal: stop.signal,
    secondsLeft: () => Math.max(0, remaining() / 1000 - margin),
    end: () => clearTimeout(timer),
  };
}
