import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ResolvedSource, SourceError } from '../sources/source.ts';
import type { SourceRef } from '../sources/source-ref.ts';
import { attempt } from './attempt.ts';
import type { LockPorts } from './lock-ports.ts';

/** What became of asking one source: exactly one of `resolved` and `error` is there. */
export interface Consulted {
  readonly ref: SourceRef;
  /** Position in the artifact's list. */
  readonly index: number;
  readonly resolved?: ResolvedSource;
  readonly error?: SourceError;
}

/** Asks every source of an artifact what its object is now; one that fails does not keep the others from answering. */
export async function consultSources(spec: ArtifactSpec, ports: LockPorts): Promise<Consulted[]> {
  return await Promise.all(
    spec.sources.map(async (ref, index): Promise<Consulted> => {
      const source = ports.openSource(ref, spec);
      const result = await attempt(spec.id, ports, () => source.resolve(ports.signal));
      if ('value' in result) return { ref, index, resolved: result.value };
      const { outcome, message } = result.error;
      ports.reporter.emit({ type: 'attempt', id: spec.id, source: source.uri, outcome, reason: message });
      return { ref, index, error: result.error };
    }),
  );
}

/** A failed source in words: what happened and, where there is something to do, what. */
export function explain(error: SourceError): string {
  return `${error.message} (${error.outcome})${error.hint === undefined ? '' : `; ${error.hint.replace(/\.$/, '')}`}`;
}
