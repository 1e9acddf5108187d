import { Interrupted } from '../core/errors.ts';
import { formatDuration } from './progress/quantities.ts';

/** Milliseconds that a timer of the system takes at most; a longer one would fire at once. */
const longestTimer = 2 ** 31 - 1;

export interface TimeLimit {
  /** Aborts with `Interrupted`, which is not taken for Ctrl-C, when the time is over. */
  readonly signal: AbortSignal;
  stop(): void;
}

/** What `--timeout` asks for; undefined without it. It does not keep the process alive. */
export function timeLimit(seconds: number | undefined): TimeLimit | undefined {
  if (seconds === undefined) return undefined;
  const controller = new AbortController();
  let left = seconds * 1000;
  let timer: NodeJS.Timeout;
  const wait = (): void => {
    const step = Math.min(left, longestTimer);
    timer = setTimeout(() => {
      left -= step;
      if (left > 0) return wait();
      controller.abort(
        new Interrupted(`not done within ${formatDuration(seconds)}`, {
          hint: 'Run the same command again: it goes on where it stopped.',
        }),
      );
    }, step);
    timer.unref();
  };
  wait();
  return { signal: controller.signal, stop: () => clearTimeout(timer) };
}
