import { parseDocument, Scalar, stringify } from 'yaml';

/** How a scalar was written; a value that replaces it is written the same way. */
export type ScalarStyle = Scalar.Type | undefined;

/**
 * The text of a scalar in the style of its neighbours: quoted like them, and quoted in any case where the
 * plain form would be read as something else (64 hex digits can look like a float: `12…e34…`).
 */
export function scalarText(value: string | number, style: ScalarStyle): string {
  if (typeof value === 'number') return String(value);
  if (style === Scalar.QUOTE_DOUBLE) return JSON.stringify(value);
  if (style === Scalar.QUOTE_SINGLE) return `'${value.replaceAll("'", "''")}'`;
  return isSafePlain(value) ? value : stringify(value, { defaultStringType: 'QUOTE_DOUBLE', lineWidth: 0 }).trimEnd();
}

/** Plain in a flow collection is the narrower case, so what is safe there is safe everywhere. */
function isSafePlain(value: string): boolean {
  if (value === '' || /[\r\n]/.test(value)) return false;
  const document = parseDocument(`[${value}]`);
  if (document.errors.length > 0) return false;
  const items: unknown = document.toJS();
  return Array.isArray(items) && items.length === 1 && items[0] === value;
}
