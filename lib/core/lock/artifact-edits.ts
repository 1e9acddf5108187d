import { type Document, isMap, isSeq, type YAMLMap } from 'yaml';
import type { Json } from '../manifest/manifest.ts';
import type { LockedArtifact } from './lock-artifact.ts';
import { fieldEdits, scalarEdit } from './map-edits.ts';
import type { TextEdit } from './text-edit.ts';

/** One change to a manifest, for people: `from` is undefined for a field that was not there. */
export interface LockChange {
  readonly artifact: string;
  /** Path of the field, such as `artifacts[2].sha256`. */
  readonly field: string;
  readonly from: string | undefined;
  readonly to: string;
}

export interface ArtifactEdits {
  /** Position of the artifact in the manifest. */
  readonly index: number;
  readonly edits: readonly TextEdit[];
  readonly changes: readonly LockChange[];
  /** What the file must say afterwards: paths within the document, and their new values. */
  readonly values: readonly { readonly path: readonly (string | number)[]; readonly value: Json }[];
}

/** The mapping of one artifact in the document; undefined where it is an alias or the like. */
export function artifactMap(document: Document, index: number): YAMLMap | undefined {
  const artifacts = document.get('artifacts', true);
  const item = isSeq(artifacts) ? artifacts.items[index] : undefined;
  return isMap(item) ? item : undefined;
}

/** How the text has to change for one artifact that was locked; undefined when its shape cannot be edited in place. */
export function artifactEdits(
  text: string,
  map: YAMLMap,
  index: number,
  locked: LockedArtifact,
): ArtifactEdits | undefined {
  const edits: TextEdit[] = [];
  const changes: LockChange[] = [];
  const values: ArtifactEdits['values'][number][] = [];
  const change = (path: readonly (string | number)[], field: string, from: unknown, to: Json) => {
    values.push({ path: ['artifacts', index, ...path], value: to });
    changes.push({
      artifact: locked.spec.id,
      field: `artifacts[${index}].${field}`,
      from: from === undefined || from === null ? undefined : String(from),
      to: String(to),
    });
  };

  for (const { source, uri } of locked.pins) {
    const list = map.get('sources', true);
    const node = isSeq(list) ? list.items[source] : map.get('source', true);
    const edit = scalarEdit(text, node, uri);
    if (edit === undefined) return undefined;
    edits.push(edit);
    const before = locked.spec.sources[source]?.uri;
    if (isSeq(list)) change(['sources', source], `sources[${source}]`, before, uri);
    else change(['source'], 'source', before, uri);
  }
  const set = fieldEdits(text, map, locked.fields);
  if (set === undefined) return undefined;
  for (const { key, value } of locked.fields) change([key], key, map.get(key), value);
  return { index, edits: [...edits, ...set], changes, values };
}
