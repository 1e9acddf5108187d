import { SourceError } from '../sources/source.ts';
import type { LockPorts } from './lock-ports.ts';

export type Attempted<T> = { readonly value: T } | { readonly error: SourceError };

const attempts = 4;
/** Seconds; a wait that upstream asks for is honoured up to here, and given up on above. */
const longestWait = 330;

/**
 * Asks a source, again where the error says that this can help: full jitter from one second up, or as long as
 * upstream asked for. The last `SourceError` is the result; anything else is thrown.
 */
export async function attempt<T>(id: string, ports: LockPorts, ask: () => Promise<T>): Promise<Attempted<T>> {
  for (let turn = 1; ; turn += 1) {
    try {
      return { value: await ask() };
    } catch (error) {
      ports.signal.throwIfAborted();
      if (!(error instanceof SourceError)) throw error;
      const wait = error.retryAfter ?? Math.random() * 2 ** (turn - 1);
      if (!(error.retryable || error.resolveAgain) || turn === attempts || wait > longestWait) return { error };
      ports.reporter.emit({ type: 'retry', id, reason: error.message, inSeconds: wait });
      await ports.clock.sleep(wait, ports.signal);
    }
  }
}
