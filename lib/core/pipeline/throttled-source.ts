import { type ResolvedSource, type Source, SourceError } from '../sources/source.ts';

/** What becomes of an error whose wait is too long to sleep through. */
export type OnThrottled = (error: SourceError, seconds: number) => Error;

/**
 * A source that does not sleep through long waits: a function is paid by the second, and may not live as long. What
 * upstream asks to wait for longer than `longest` seconds is thrown as what `onThrottled` makes of it.
 */
export function throttledSource(source: Source, longest: () => number, onThrottled: OnThrottled): Source {
  const explained = (error: unknown): unknown => {
    if (!(error instanceof SourceError) || !error.retryable) return error;
    const { retryAfter } = error;
    return retryAfter === undefined || retryAfter <= longest() ? error : onThrottled(error, retryAfter);
  };
  return {
    uri: source.uri,
    async resolve(signal) {
      try {
        return around(await source.resolve(signal), explained);
      } catch (error) {
        throw explained(error);
      }
    },
  };
}

function around(resolved: ResolvedSource, explained: (error: unknown) => unknown): ResolvedSource {
  return {
    description: resolved.description,
    get ranges() {
      return resolved.ranges;
    },
    cheapToReread: resolved.cheapToReread,
    async *read(range, signal) {
      try {
        yield* resolved.read(range, signal);
      } catch (error) {
        throw explained(error);
      }
    },
  };
}
