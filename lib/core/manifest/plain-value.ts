import { type Document, isMap, isScalar, isSeq } from 'yaml';
import type { FieldPath } from './field-path.ts';
import type { Finding } from './problem-list.ts';

const maximumDepth = 64;

/**
 * The document as plain data, and what plain data cannot be: duplicate keys, merge keys, numbers that JSON
 * would change, values nested beyond any use.
 */
export function plainValue(document: Document.Parsed): { readonly value: unknown; readonly findings: Finding[] } {
  const findings: Finding[] = [];
  return { value: convert(document.contents, [], findings), findings };
}

function convert(node: unknown, path: FieldPath, findings: Finding[]): unknown {
  if (path.length > maximumDepth) {
    findings.push({ path, message: `values are nested more than ${maximumDepth} deep here` });
    return null;
  }
  if (isScalar(node)) {
    if (typeof node.value === 'string' && !node.value.isWellFormed()) {
      findings.push({ path, message: 'this text holds half of a surrogate pair (\\uD800 to \\uDFFF)' });
    }
    return node.value;
  }
  if (isSeq(node)) return node.items.map((item, index) => convert(item, [...path, index], findings));
  if (!isMap(node)) return null;
  const value: Record<string, unknown> = {};
  for (const pair of node.items) {
    const key = isScalar(pair.key) ? String(pair.key.value) : '';
    const here = [...path, key];
    if (Object.hasOwn(value, key)) {
      const offset = isScalar(pair.key) ? pair.key.range?.[0] : undefined;
      findings.push({ path: here, offset, message: 'this key stands here a second time; keep one of them' });
    } else if (key === '<<') {
      findings.push({ path: here, at: 'key', message: 'merge keys (<<) are not allowed; write the fields out' });
    } else if (key === '__proto__') {
      findings.push({ path: here, at: 'key', message: '__proto__ is not allowed as a key; take another name' });
    } else {
      value[key] = convert(pair.value, here, findings);
    }
  }
  return value;
}
