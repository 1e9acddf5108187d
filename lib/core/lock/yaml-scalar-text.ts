import { isScalar, isSeq, parseDocument, Scalar } from 'yaml';
import type { Json } from '../manifest/manifest.ts';

/** How a scalar was written; a value that replaces it is written the same way. */
export type ScalarStyle = Scalar.Type | undefined;

/**
 * The text of a scalar in the style of its neighbours: quoted like them, and quoted in any case where the
 * plain form would be read as something else (64 hex digits can look like a float: `12…e34…`).
 */
export function scalarText(value: string | number | boolean | null, style: ScalarStyle): string {
  if (typeof value !== 'string') return String(value);
  if (style === Scalar.QUOTE_DOUBLE) return doubleQuoted(value);
  if (style === Scalar.QUOTE_SINGLE && !hidden.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return isSafePlain(value) ? value : doubleQuoted(value);
}

/** The text of any value on one line, in flow style where it has members. */
export function valueText(value: Json, style: ScalarStyle): string {
  if (typeof value !== 'object' || value === null) return scalarText(value, style);
  if (Array.isArray(value)) return `[${value.map((item) => valueText(item, style)).join(', ')}]`;
  const members = Object.entries(value).map(
    ([key, member]) => `${scalarText(key, style)}: ${valueText(member, style)}`,
  );
  return members.length === 0 ? '{}' : `{ ${members.join(', ')} }`;
}

/** What no line of text should hold as it is. */
const hidden = /[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}\ufeff]/u;
const hiddenAfterJson = new RegExp(hidden.source, 'gu');

function doubleQuoted(value: string): string {
  return JSON.stringify(value).replace(
    hiddenAfterJson,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

/** Words and digests that cannot be read as anything else: thousands of them need no parser each. */
const plainWord = /^(?!(?:true|false|null)$)[a-z][a-z0-9_./-]*(?::[a-z0-9_./-]+)*$/iu;
const plainDigest = /^(?=[0-9]*[abcdf])[0-9a-f]{64}$/u;

/** Plain in a flow collection is the narrower case, so what is safe there is safe everywhere. */
function isSafePlain(value: string): boolean {
  if (plainWord.test(value) || plainDigest.test(value)) return true;
  if (value === '' || hidden.test(value)) return false;
  const document = parseDocument(`[${value}]`);
  // Not by its plain value: `*x` names an anchor that is nowhere, and cannot be resolved.
  const list = document.errors.length > 0 ? undefined : document.contents;
  const [item, ...more] = isSeq(list) ? list.items : [];
  return isScalar(item) && item.value === value && item.anchor === undefined && more.length === 0;
}
