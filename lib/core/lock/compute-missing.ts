import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { SourceError } from '../sources/source.ts';
import { attempt, readFresh } from './attempt.ts';
import { computeDigest } from './compute-digest.ts';
import type { Answer } from './consult-sources.ts';
import type { Statement } from './disagreements.ts';
import type { LockPorts } from './lock-ports.ts';

export interface Computed {
  readonly statements: readonly Statement[];
  readonly failures: readonly SourceError[];
}

/**
 * Reads bytes until digest and size are known, from one source after the other. Local files are read in any case:
 * that costs little, and nothing else notices that they are no longer what the manifest says.
 */
export async function computeMissing(
  spec: ArtifactSpec,
  answers: readonly Answer[],
  said: readonly Statement[],
  ports: LockPorts,
): Promise<Computed> {
  const { reporter, signal } = ports;
  const statements: Statement[] = [];
  const failures: SourceError[] = [];
  const known = (field: 'sha256' | 'size') => [...said, ...statements].some((one) => one[field] !== undefined);
  // Local files first: hashing them may spare a download.
  const inOrder = [...answers].sort((a, b) => Number(b.resolved.cheapToReread) - Number(a.resolved.cheapToReread));
  for (const { source, resolved } of inOrder) {
    if (!resolved.cheapToReread && known('sha256') && known('size')) continue;
    const result = await attempt(spec.id, ports, () =>
      readFresh(source, resolved, signal, (current) => computeDigest(spec.id, current, reporter, signal)),
    );
    if ('value' in result) {
      statements.push({ by: `the content of ${resolved.description.source}`, ...result.value });
      continue;
    }
    const { outcome, message } = result.error;
    reporter.emit({ type: 'attempt', id: spec.id, source: source.uri, outcome, reason: message });
    failures.push(result.error);
  }
  return { statements, failures };
}
