import { type Document, isMap, isScalar, isSeq, type YAMLMap, type YAMLSeq } from 'yaml';
import { artifactFields, artifactLines, type DraftArtifact } from '../author/manifest-draft.ts';
import type { ArtifactEdits } from '../lock/artifact-edits.ts';
import type { TextEdit } from '../lock/text-edit.ts';
import { afterOwnComments, contentEnd, lineEnd, lineEnding, lineStart } from '../lock/text-places.ts';

/**
 * The edit that puts artifacts behind those of a manifest, in the style that its list is written in. Undefined when the
 * list has a shape that cannot be added to in place.
 */
export function appendEdits(
  text: string,
  document: Document,
  artifacts: readonly DraftArtifact[],
): ArtifactEdits | undefined {
  const list = document.get('artifacts', true);
  if (!isSeq(list)) return undefined;
  const edit = list.flow === true ? flowAppend(text, list, artifacts) : blockAppend(text, list, artifacts);
  if (edit === undefined) return undefined;
  const values = artifacts.map((artifact, at) => ({
    path: ['artifacts', list.items.length + at],
    value: artifactFields(artifact),
  }));
  return { index: list.items.length, edits: [edit], changes: [], values };
}

function blockAppend(text: string, list: YAMLSeq, artifacts: readonly DraftArtifact[]): TextEdit | undefined {
  const dash = dashColumn(text, list);
  const end = contentEnd(list);
  if (dash === undefined || end === undefined) return undefined;
  const eol = lineEnding(text);
  const lines = artifacts.flatMap((artifact) => artifactLines(artifact, dash)).join(eol);
  // A block scalar's content ends behind its last line break; anything else is followed by the rest of its line.
  if (end > 0 && text[end - 1] === '\n') return { start: end, end, text: `${lines}${eol}` };
  const at = afterOwnComments(text, lineEnd(text, end), dash);
  return { start: at, end: at, text: `${eol}${lines}` };
}

/** The column of the dashes; undefined where an item does not begin on the line of its dash. */
function dashColumn(text: string, list: YAMLSeq): number | undefined {
  const start = firstKeyStart(list);
  if (start === undefined) return undefined;
  return /^( *)- +$/.exec(text.slice(lineStart(text, start), start))?.[1]?.length;
}

function firstKeyStart(list: YAMLSeq): number | undefined {
  const [item] = list.items;
  const key = isMap(item) ? item.items[0]?.key : undefined;
  return isScalar(key) ? key.range?.[0] : undefined;
}

function flowAppend(text: string, list: YAMLSeq, artifacts: readonly DraftArtifact[]): TextEdit | undefined {
  const last = list.items.at(-1) as YAMLMap | undefined;
  const [first] = list.items;
  const end = last?.range?.[1];
  if (end === undefined || !isMap(first) || first.range == null) return undefined;
  const before = text.slice(lineStart(text, first.range[0]), first.range[0]);
  const ownLine = before.trim() === '';
  const eol = lineEnding(text);
  // JSON is flow style too, and what is valid there is valid in both.
  const items = artifacts.map((artifact) => {
    const fields = artifactFields(artifact);
    if (!ownLine) return `, ${JSON.stringify(fields)}`;
    return `,${eol}${before}${JSON.stringify(fields, undefined, 2)
      .split('\n')
      .join(eol + before)}`;
  });
  return { start: end, end, text: items.join('') };
}
