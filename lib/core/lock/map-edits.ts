import { isCollection, isScalar, type Pair, Scalar, type YAMLMap } from 'yaml';
import type { Json } from '../manifest/manifest.ts';
import type { TextEdit } from './text-edit.ts';
import { afterOwnComments, contentEnd, lineEnd, lineEnding, lineStart } from './text-places.ts';
import { scalarText, valueText } from './yaml-scalar-text.ts';

export interface FieldValue {
  readonly key: string;
  readonly value: Json;
}

/**
 * Where a field goes that is not there yet: after the last present one of those before it. The fields of a manifest
 * first, then those of an artifact.
 */
const fieldOrder = [
  ['weighbridge', 'collection', 'version', 'versioning', 'access', 'license', 'homepage', 'description'],
  [
    'id',
    'aliases',
    'kind',
    'file',
    'source',
    'sources',
    'sha256',
    'size',
    'digestFrom',
    'required',
    'labels',
    'metadata',
  ],
].flat();

/**
 * The edits that set fields of one mapping in its source text: a present value is replaced in its own quotes,
 * an absent field gets its own line (block style) or is appended after a comma (flow style, JSON).
 * Undefined when the text has a shape that cannot be edited in place.
 */
export function fieldEdits(text: string, map: YAMLMap, fields: readonly FieldValue[]): TextEdit[] | undefined {
  const edits: TextEdit[] = [];
  for (const field of fields) {
    const pair = findPair(map, field.key);
    const edit = pair === undefined ? insertion(text, map, field) : replacement(text, pair, field.value);
    if (edit === undefined) return undefined;
    edits.push(edit);
  }
  return edits;
}

/** Replaces one scalar by another in the same quotes; undefined for anything but a scalar written in place. */
export function scalarEdit(text: string, node: unknown, value: string | number | boolean | null): TextEdit | undefined {
  if (!isScalar(node) || node.range == null || isBlockScalar(node)) return undefined;
  const [start, end] = node.range;
  if (start === end || text.slice(start, end).trim() === '') return undefined;
  return { start, end, text: scalarText(value, node.type) };
}

function findPair(map: YAMLMap, key: string): Pair | undefined {
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key);
}

function replacement(text: string, pair: Pair, value: Json): TextEdit | undefined {
  const isPlain = typeof value !== 'object' || value === null;
  const written = isPlain ? scalarEdit(text, pair.value, value) : undefined;
  if (written !== undefined) return written;
  // `sources: []` stands for nothing yet.
  if (isCollection(pair.value) && pair.value.items.length === 0 && pair.value.range != null && isScalar(pair.key)) {
    const [start, end] = pair.value.range;
    return { start, end, text: valueText(value, pair.key.type) };
  }
  // `sha256:` with nothing behind it: the value goes right after the colon.
  if (!isScalar(pair.key) || pair.key.range == null) return undefined;
  if (pair.value !== null && !(isScalar(pair.value) && pair.value.value === null)) return undefined;
  const colon = text.slice(pair.key.range[1]).match(/^[ \t]*:/);
  if (colon === null) return undefined;
  const at = pair.key.range[1] + colon[0].length;
  return { start: at, end: at, text: ` ${valueText(value, pair.key.type)}` };
}

function insertion(text: string, map: YAMLMap, field: FieldValue): TextEdit | undefined {
  const first = map.items[0];
  const anchor = anchorFor(map, field.key);
  if (first === undefined || anchor === undefined || !isScalar(first.key) || first.key.range == null) return undefined;
  const line = `${scalarText(field.key, first.key.type)}: ${valueText(field.value, first.key.type)}`;
  if (map.flow === true) return flowInsertion(text, anchor, line);

  const firstKey = first.key.range[0];
  const indent = ' '.repeat(firstKey - lineStart(text, firstKey));
  const end = contentEnd(anchor);
  if (end === undefined) return undefined;
  const eol = lineEnding(text);
  // A block scalar's content ends behind its last line break; anything else is followed by the rest of its line.
  if (end > 0 && text[end - 1] === '\n') return { start: end, end, text: `${indent}${line}${eol}` };
  const at = afterOwnComments(text, lineEnd(text, end), indent.length);
  return { start: at, end: at, text: `${eol}${indent}${line}` };
}

function flowInsertion(text: string, anchor: Pair, line: string): TextEdit | undefined {
  const end = contentEnd(anchor);
  if (end === undefined || !isScalar(anchor.key) || anchor.key.range == null) return undefined;
  const start = lineStart(text, anchor.key.range[0]);
  const before = text.slice(start, anchor.key.range[0]);
  const ownLine = before.trim() === '' ? `${lineEnding(text)}${before}` : ' ';
  return { start: end, end, text: `,${ownLine}${line}` };
}

function anchorFor(map: YAMLMap, key: string): Pair | undefined {
  const before = fieldOrder.slice(0, fieldOrder.indexOf(key)).reverse();
  for (const candidate of before) {
    const pair = findPair(map, candidate);
    if (pair !== undefined) return pair;
  }
  return map.items.at(-1);
}

function isBlockScalar(node: Scalar): boolean {
  return node.type === Scalar.BLOCK_LITERAL || node.type === Scalar.BLOCK_FOLDED;
}
