import { NotFound } from '../errors.ts';
import { knownNames } from '../mirror/known-names.ts';
import type { Release, ReleaseArtifact } from '../registry/records.ts';

/** An artifact that is to be on this machine. */
export interface WantedFile {
  readonly artifact: ReleaseArtifact;
  /** A failure counts: the release requires it, or the user asked for it by name. */
  readonly required: boolean;
}

/**
 * The artifacts that names stand for: ids, aliases or files, matched exactly; all of them for no names.
 * @throws NotFound naming every unknown name and the known ones
 */
export function selectFiles(release: Release, name: string, wanted: readonly string[]): readonly WantedFile[] {
  if (wanted.length === 0) return release.artifacts.map((artifact) => ({ artifact, required: artifact.required }));
  const chosen = new Set<ReleaseArtifact>();
  const unknown: string[] = [];
  for (const text of wanted) {
    const artifact =
      release.artifacts.find(({ id }) => id === text) ??
      release.artifacts.find(({ file }) => file === text) ??
      release.artifacts.find(({ aliases }) => aliases.includes(text));
    if (artifact === undefined) unknown.push(text);
    else chosen.add(artifact);
  }
  const [first] = unknown;
  if (first === undefined) return [...chosen].map((artifact) => ({ artifact, required: true }));
  const absent = release.missing.find(({ id, file }) => id === first || file === first);
  if (absent !== undefined) {
    throw new NotFound(`${name} was published without its optional ${absent.file}: ${absent.reason}`);
  }
  const names = release.artifacts.map(({ id }) => id);
  const which = unknown.map((text) => JSON.stringify(text)).join(', ');
  throw new NotFound(`${name} has no ${which}${knownNames(first, names)}`);
}
