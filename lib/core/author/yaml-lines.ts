import { scalarText, valueText } from '../lock/yaml-scalar-text.ts';
import type { Json } from '../manifest/manifest.ts';

/** One field of a mapping in block style, nested values two columns to the right. */
export function fieldLines(key: string, value: Json): string[] {
  const name = plainText(key);
  if (typeof value !== 'object' || value === null) return [`${name}: ${scalarText(value, undefined)}`];
  if (Array.isArray(value)) {
    if (value.length === 0) return [`${name}: []`];
    // Lists of lists and of mappings are rare, and in flow style they cannot be indented wrongly.
    return [`${name}:`, ...value.map((item) => `  - ${valueText(item, undefined)}`)];
  }
  const members = Object.entries(value);
  if (members.length === 0) return [`${name}: {}`];
  return [`${name}:`, ...members.flatMap(([member, inner]) => fieldLines(member, inner)).map((line) => `  ${line}`)];
}

/** A word or text as one would write it by hand: without quotes where it needs none. */
export function plainText(value: string): string {
  return scalarText(value, undefined);
}
