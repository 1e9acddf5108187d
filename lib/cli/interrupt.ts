import { exitCodes } from '../contract/exit-codes.ts';
import { Interrupted } from '../core/errors.ts';

/** Signals closer together than this (ms) are one: the terminal and a parent process may both send it. */
const sameKeyPress = 300;

/** The part of `process` that signals come from. */
export interface SignalSource {
  on(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
  off(signal: 'SIGINT' | 'SIGTERM', listener: () => void): unknown;
}

export interface Interruption {
  readonly signal: AbortSignal;
  release(): void;
}

/**
 * The first Ctrl-C asks the work to stop at its next checkpoint; the second ends the process at once.
 * @param leave called by the second one with the exit code; does not return in a real process.
 */
export function interruptible(
  source: SignalSource,
  say: (line: string) => void,
  leave: (code: number) => void,
): Interruption {
  const controller = new AbortController();
  let first = 0;
  const onSignal = (): void => {
    if (!controller.signal.aborted) {
      first = Date.now();
      say('weighbridge: stopping (Ctrl-C again: at once)');
      controller.abort(
        new Interrupted('interrupted', { hint: 'Run the same command again: it goes on where it stopped.' }),
      );
      return;
    }
    if (Date.now() - first > sameKeyPress) leave(exitCodes.interrupted);
  };
  source.on('SIGINT', onSignal);
  source.on('SIGTERM', onSignal);
  return {
    signal: controller.signal,
    release() {
      source.off('SIGINT', onSignal);
      source.off('SIGTERM', onSignal);
    },
  };
}
