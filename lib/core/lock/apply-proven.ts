import { isDeepStrictEqual } from 'node:util';
import { parseDocument } from 'yaml';
import type { Json } from '../manifest/manifest.ts';
import type { ArtifactEdits } from './artifact-edits.ts';
import { applyEdits } from './text-edit.ts';

export interface ProvenText {
  readonly text: string;
  readonly kept: readonly ArtifactEdits[];
  /** Edits that would have changed something else as well; the text is without them. */
  readonly rejected: readonly ArtifactEdits[];
}

/**
 * Applies edits that are proven by reading the result back: the file must say what it said before plus exactly the
 * new values. YAML has more shapes than an editor of lines can know, and a manifest must not be damaged by them.
 */
export function applyProven(text: string, wanted: readonly ArtifactEdits[]): ProvenText {
  if (wanted.length === 0) return { text, kept: [], rejected: [] };
  const all = applied(text, wanted);
  if (all !== undefined) return { text: all, kept: wanted, rejected: [] };
  const kept = wanted.filter((one) => applied(text, [one]) !== undefined);
  const together = applied(text, kept);
  if (together === undefined) return { text, kept: [], rejected: wanted };
  return { text: together, kept, rejected: wanted.filter((one) => !kept.includes(one)) };
}

function applied(text: string, wanted: readonly ArtifactEdits[]): string | undefined {
  const result = applyEdits(
    text,
    wanted.flatMap(({ edits }) => edits),
  );
  const expected: unknown = parseDocument(text).toJS();
  for (const { path, value } of wanted.flatMap(({ values }) => values)) setAt(expected, path, value);
  const reread = parseDocument(result);
  return reread.errors.length === 0 && isDeepStrictEqual(reread.toJS(), expected) ? result : undefined;
}

function setAt(root: unknown, path: readonly (string | number)[], value: Json): void {
  const parent = path.slice(0, -1).reduce<unknown>((at, key) => (isObject(at) ? at[key] : undefined), root);
  const last = path.at(-1);
  if (isObject(parent) && last !== undefined) parent[last] = value;
}

function isObject(value: unknown): value is Record<string | number, unknown> {
  return typeof value === 'object' && value !== null;
}
