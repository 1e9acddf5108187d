import { nameArtifacts, type UnnamedArtifact } from '../author/name-artifacts.ts';
import type { ImportedArtifact } from './importer.ts';

/** Files of no system in particular as artifacts: ids and kinds are made from their names, as `new` does. */
export function namedArtifacts(files: readonly UnnamedArtifact[]): ImportedArtifact[] {
  return nameArtifacts(files).map((artifact) => {
    const { id, kind, file, sources, sha256, size, digestFrom } = artifact;
    return {
      id,
      aliases: [],
      kind,
      file,
      sources,
      ...(sha256 === undefined ? {} : { sha256 }),
      ...(digestFrom === 'upstream' || digestFrom === 'computed' ? { digestFrom } : {}),
      ...(size === undefined ? {} : { size }),
      required: true,
      labels: {},
    };
  });
}
