import { retry } from '../retry.ts';
import { type ResolvedSource, type Source, SourceError } from '../sources/source.ts';
import type { LockPorts } from './lock-ports.ts';

export type Attempted<T> = { readonly value: T } | { readonly error: SourceError };

/** How often a source is resolved anew because what it had given expired while it was being read. */
const freshResolves = 3;

/**
 * Asks a source, again where the error says that this can help. The last `SourceError` is the result; anything
 * else is thrown, and the signal's reason when it aborts.
 */
export async function attempt<T>(id: string, ports: LockPorts, ask: () => Promise<T>): Promise<Attempted<T>> {
  const { clock, signal, reporter } = ports;
  const onRetry = ({ error, inSeconds }: { error: Error; inSeconds: number }) =>
    reporter.emit({ type: 'retry', id, reason: error.message, inSeconds });
  try {
    return { value: await retry(ask, ports.retry, { clock, signal, onRetry }) };
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof SourceError) return { error };
    throw error;
  }
}

/** Reads a resolved source with `read`; where only a fresh `resolve` can help, with a fresh one. */
export async function readFresh<T>(
  source: Source,
  resolved: ResolvedSource,
  signal: AbortSignal,
  read: (resolved: ResolvedSource) => Promise<T>,
): Promise<T> {
  let current = resolved;
  for (let turn = 1; ; turn += 1) {
    try {
      return await read(current);
    } catch (error) {
      if (!(error instanceof SourceError) || !error.resolveAgain || turn === freshResolves) throw error;
      current = await source.resolve(signal);
    }
  }
}
