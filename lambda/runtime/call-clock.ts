import { WeighbridgeError } from '../../lib/core/errors.ts';
import type { Call } from './open-runtime.ts';

/** Seconds that go by between the engine's return and the answer of the function. */
const margin = 1;

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
 * The engine keeps its own reserve for what it saves at the end. A pass that does not return is stopped just before
 * Lambda would kill it, and then says so in the log.
 * @param remaining milliseconds, as Lambda's context says
 */
export function callClock(remaining: () => number): CallClock {
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
