import { type Source, SourceError } from '../sources/source.ts';

/**
 * A source that is asked only while there is time. What it does not answer until then counts as a limit of its
 * upstream, which a transfer waits for: whoever plans the rest of a large manifest must come to an end.
 * @param late Aborts when the time is over.
 */
export function hurriedSource(source: Source, late: AbortSignal): Source {
  const tooLate = () => new SourceError('rate-limited', `${source.uri} did not answer while the run was planned`);
  return {
    uri: source.uri,
    async resolve(signal) {
      if (late.aborted) throw tooLate();
      try {
        return await source.resolve(AbortSignal.any([signal, late]));
      } catch (error) {
        signal.throwIfAborted();
        throw late.aborted ? tooLate() : error;
      }
    },
  };
}
