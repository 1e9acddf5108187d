import { type Document, isMap, isNode } from 'yaml';
import type { ManifestDraft } from '../author/manifest-draft.ts';
import { applyProven } from '../lock/apply-proven.ts';
import { type ArtifactEdits, artifactMap } from '../lock/artifact-edits.ts';
import { type FieldValue, fieldEdits } from '../lock/map-edits.ts';
import type { Json, Manifest } from '../manifest/manifest.ts';
import { appendEdits } from './append-edits.ts';
import type { ImportFinding } from './importer.ts';
import { matchArtifacts } from './match-artifacts.ts';
import { covers, mergeArtifact } from './merge-fields.ts';
import { withoutCollisions } from './without-collisions.ts';

/** A manifest that is there, as `parseManifest` gives it with `beforeLock`. */
export interface ExistingManifest {
  readonly text: string;
  readonly manifest: Manifest;
  readonly document: Document.Parsed;
}

export interface MergedManifest {
  /** The very same string where nothing changes. */
  readonly text: string;
  readonly findings: readonly ImportFinding[];
  /** Artifacts that were added. */
  readonly added: number;
  /** Artifacts of which absent fields were filled in. */
  readonly filled: number;
}

/**
 * Brings what was imported into a manifest that is there. What the manifest says stays, byte for byte: edits by hand
 * win over the input. Absent fields are filled in, new artifacts put behind the others, and nothing is taken away.
 */
export function mergeManifest(
  existing: ExistingManifest,
  draft: ManifestDraft,
  placeholders: readonly string[],
): MergedManifest {
  const { text, manifest, document } = existing;
  const findings: ImportFinding[] = [];
  const wanted: ArtifactEdits[] = [];
  const head = headEdits(existing, draft, findings);
  if (head !== undefined) wanted.push(head);

  const { pairs, added, gone } = matchArtifacts(draft.artifacts, manifest.artifacts);
  const owners = new Map(
    manifest.artifacts.flatMap(({ id, aliases }, index) => [id, ...aliases].map((name) => [name, index] as const)),
  );
  for (const { draft: artifact, index, spec } of pairs) {
    const map = artifactMap(document, index);
    if (map === undefined) continue;
    const aliases = (artifact.aliases ?? []).filter((alias) => (owners.get(alias) ?? index) === index);
    if (aliases.length < (artifact.aliases?.length ?? 0)) {
      const message = 'an alias of the input is the name of another artifact here';
      findings.push({ kind: 'not-taken', subject: spec.id, field: 'aliases', message });
    }
    const merged = mergeArtifact({ ...artifact, aliases }, spec, map, placeholders);
    findings.push(...merged.findings);
    const edits = filling(text, map, ['artifacts', index], index, merged.fill);
    if (edits === 'not editable') findings.push(notWritten(spec.id, merged.fill));
    else if (edits !== undefined) wanted.push(edits);
  }
  for (const { id } of gone) {
    findings.push({ kind: 'kept', subject: id, message: 'is not in the input; it stays in the manifest' });
  }
  const { artifacts: fitting, findings: collisions } = withoutCollisions(added, {
    files: manifest.artifacts.map(({ file }) => file),
    ids: manifest.artifacts.flatMap(({ id, aliases }) => [id, ...aliases]),
  });
  findings.push(...collisions);
  const appended = fitting.length === 0 ? undefined : appendEdits(text, document, fitting);
  if (appended !== undefined) wanted.push(appended);

  const proven = applyProven(text, wanted);
  for (const edit of proven.rejected) {
    if (edit !== appended) findings.push(notWritten(manifest.artifacts[edit.index]?.id ?? manifest.collection, []));
  }
  const isAppended = appended !== undefined && proven.kept.includes(appended);
  for (const { id } of isAppended ? [] : fitting) {
    const message = 'the list of artifacts cannot be added to in place; write the manifest to another file';
    findings.push({ kind: 'not-taken', subject: id, message });
  }
  return {
    text: proven.text,
    findings,
    added: isAppended ? fitting.length : 0,
    filled: proven.kept.filter((edit) => edit !== appended && edit !== head).length,
  };
}

/** Fields of the manifest itself. */
function headEdits(
  { text, document }: ExistingManifest,
  draft: ManifestDraft,
  findings: ImportFinding[],
): ArtifactEdits | undefined {
  const root = document.contents;
  if (!isMap(root)) return undefined;
  const fill: FieldValue[] = [];
  for (const key of ['collection', 'version', 'access', 'license', 'homepage', 'description', 'metadata'] as const) {
    const value: Json | undefined = draft[key];
    if (value === undefined) continue;
    const node = root.get(key, true);
    const kept: Json | undefined = isNode(node) ? node.toJS(document) : undefined;
    if (kept === undefined || kept === null) fill.push({ key, value });
    else if (!covers(kept, value)) {
      const message = `kept ${JSON.stringify(kept).slice(0, 100)}; the input says ${JSON.stringify(value).slice(0, 100)}`;
      findings.push({ kind: 'kept', subject: draft.collection, field: key, message });
    }
  }
  const edits = filling(text, root, [], -1, fill);
  if (edits !== 'not editable') return edits;
  findings.push(notWritten(draft.collection, fill));
  return undefined;
}

function filling(
  text: string,
  map: Parameters<typeof fieldEdits>[1],
  path: readonly (string | number)[],
  index: number,
  fill: readonly FieldValue[],
): ArtifactEdits | 'not editable' | undefined {
  if (fill.length === 0) return undefined;
  const edits = fieldEdits(text, map, fill);
  if (edits === undefined) return 'not editable';
  return { index, edits, changes: [], values: fill.map(({ key, value }) => ({ path: [...path, key], value })) };
}

function notWritten(subject: string, fill: readonly FieldValue[]): ImportFinding {
  const fields = fill.map(({ key }) => key).join(', ');
  const what = fields === '' ? '' : ` (${fields})`;
  return { kind: 'not-taken', subject, message: `the manifest cannot be edited in place here; write by hand${what}` };
}
