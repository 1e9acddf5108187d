import type { Clock } from '../clock.ts';
import { PassEnded } from './pipeline-failures.ts';

/**
 * Seconds that a pass keeps for its last checkpoint, its results and its leases: a tenth of its time, and as much as a
 * handful of slow requests take.
 */
export function marginOf(timeoutSeconds: number): number {
  return Math.min(20, Math.max(3, timeoutSeconds / 10));
}

/** Bytes per second below which a source counts as too slow for this deployment's passes. */
export const slowestBytesPerSecond = 5 * 2 ** 20;

export interface PassTime {
  /** Aborts, with `PassEnded`, when it is time to save and return; also when `signal` does, with its reason. */
  readonly signal: AbortSignal;
  /** Seconds left to work in. */
  left(): number;
  /** Ends the pass now. */
  end(reason: unknown): void;
  /** Stops the clock. */
  close(): void;
}

/** Watches the time of one pass. */
export function passTime(
  secondsLeft: () => number,
  timeoutSeconds: number,
  { clock, signal }: { readonly clock: Clock; readonly signal: AbortSignal },
): PassTime {
  const margin = marginOf(timeoutSeconds);
  const over = new AbortController();
  const closed = new AbortController();
  const left = () => Math.max(0, secondsLeft() - margin);
  clock.sleep(left(), closed.signal).then(
    () => over.abort(new PassEnded('the time of this pass is used up')),
    () => undefined,
  );
  return {
    signal: AbortSignal.any([signal, over.signal]),
    left,
    end: (reason) => over.abort(reason),
    close: () => closed.abort(),
  };
}
