import type { DraftArtifact } from '../author/manifest-draft.ts';
import { maximumArtifacts } from '../manifest/manifest-schema.ts';
import { fileCollisions, idCollisions } from '../manifest/name-collisions.ts';
import type { ImportFinding } from './importer.ts';

/** Names that a release has already. */
export interface TakenNames {
  readonly files: readonly string[];
  /** Ids and aliases. */
  readonly ids: readonly string[];
}

/**
 * The artifacts whose files and ids can stand beside each other and beside those that are there. Of two that collide the
 * first stays; an alias that is taken is left out alone. No more than a manifest may have.
 */
export function withoutCollisions(
  artifacts: readonly DraftArtifact[],
  taken: TakenNames = { files: [], ids: [] },
): { readonly artifacts: readonly DraftArtifact[]; readonly findings: readonly ImportFinding[] } {
  const findings: ImportFinding[] = [];
  const drop = (at: number, field: string, message: unknown) => {
    const subject = artifacts[at]?.id ?? '';
    findings.push({ kind: 'not-taken', subject, field, message: String(message) });
  };
  const dropped = new Set<number>();
  const files = [...taken.files, ...artifacts.map(({ file }) => file)];
  const offset = taken.files.length;
  for (const { path, message } of fileCollisions(files.map((file, index) => ({ file, path: [index - offset] })))) {
    const at = Number(path[0]);
    if (at < 0 || dropped.has(at)) continue;
    dropped.add(at);
    drop(at, 'file', message);
  }
  const ids = [...taken.ids, ...artifacts.map(({ id }) => id)];
  const before = taken.ids.length;
  for (const { path, message } of idCollisions(ids.map((id, index) => ({ id, path: [index - before] })))) {
    const at = Number(path[0]);
    if (at < 0 || dropped.has(at)) continue;
    dropped.add(at);
    drop(at, 'id', message);
  }
  const kept = artifacts.map((artifact, at) => ({ artifact, at })).filter(({ at }) => !dropped.has(at));
  const names = new Set([...taken.ids, ...kept.map(({ artifact }) => artifact.id)]);
  const result = kept.map(({ artifact, at }) => {
    const aliases = (artifact.aliases ?? []).filter((alias) => {
      if (!names.has(alias)) return names.add(alias);
      drop(at, 'aliases', `${alias} is the name of another artifact`);
      return false;
    });
    return { ...artifact, aliases };
  });
  const room = Math.max(0, maximumArtifacts - taken.files.length);
  for (const { id } of result.splice(room)) {
    const message = `a manifest names at most ${maximumArtifacts} artifacts`;
    findings.push({ kind: 'not-taken', subject: id, message });
  }
  return { artifacts: result, findings };
}
