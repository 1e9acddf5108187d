import type { ArtifactSpec } from '../manifest/manifest.ts';
import { sentences } from '../sentences.ts';
import type { ResolvedSource, Source, SourceError } from '../sources/source.ts';
import { attempt } from './attempt.ts';
import type { LockPorts } from './lock-ports.ts';

/** A source that answered. */
export interface Answer {
  /** Position in the artifact's list. */
  readonly index: number;
  readonly source: Source;
  readonly resolved: ResolvedSource;
}

export interface Consultation {
  /** In the order of the manifest. */
  readonly answers: readonly Answer[];
  readonly failures: readonly SourceError[];
}

/** Asks every source of an artifact what its object is now; one that fails does not keep the others from answering. */
export async function consultSources(
  spec: ArtifactSpec,
  sources: readonly Source[],
  ports: LockPorts,
): Promise<Consultation> {
  const results = await Promise.all(
    sources.map(async (source, index) => {
      const result = await attempt(spec.id, ports, () => source.resolve(ports.signal));
      if ('value' in result) return { answer: { index, source, resolved: result.value } };
      const { outcome, message } = result.error;
      ports.reporter.emit({ type: 'attempt', id: spec.id, source: source.uri, outcome, reason: message });
      return { failure: result.error };
    }),
  );
  return {
    answers: results.flatMap(({ answer }) => (answer === undefined ? [] : [answer])),
    failures: results.flatMap(({ failure }) => (failure === undefined ? [] : [failure])),
  };
}

/** A failed source in words: what happened, what was done about it, and, where the user can do something, what. */
export function explain({ message, outcome, hint }: SourceError, then?: string): string {
  return sentences([`${message} (${outcome})${then === undefined ? '' : `; ${then}`}`, hint]);
}
