import { artifactIds } from './artifact-ids.ts';
import { guessKind } from './artifact-kind.ts';
import type { DraftArtifact } from './manifest-draft.ts';

/** An artifact before it has an id. */
export type UnnamedArtifact = Omit<DraftArtifact, 'id' | 'kind'>;

/** Gives artifacts ids and kinds by the names of their files. */
export function nameArtifacts(artifacts: readonly UnnamedArtifact[]): DraftArtifact[] {
  const ids = artifactIds(artifacts.map(({ file }) => file));
  return artifacts.map((artifact, index) => ({
    ...artifact,
    id: ids[index] ?? artifact.file,
    kind: guessKind(artifact.file),
  }));
}
