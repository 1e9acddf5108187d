import { compareUtf8 } from '../utf8-order.ts';

/**
 * JSON with one spelling only, so that equal values have equal bytes and digests: object keys sorted by code
 * point, no white space, no trailing newline, absent for `undefined` members (after RFC 8785; numbers are
 * ECMAScript's shortest form, which is what that RFC asks for).
 * @throws TypeError for what JSON cannot say: functions, NaN, infinities, bigint.
 */
export function canonicalJson(value: unknown): string {
  if (value === null || typeof value === 'boolean' || typeof value === 'string') return JSON.stringify(value);
  if (typeof value === 'number') {
    if (!Number.isFinite(value)) throw new TypeError('JSON has no NaN and no infinity');
    return JSON.stringify(value);
  }
  if (Array.isArray(value)) return canonicalArray(value);
  if (typeof value === 'object') {
    if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
    return canonicalObject(value as Readonly<Record<string, unknown>>);
  }
  throw new TypeError(`JSON has no ${typeof value}`);
}

// Records of ten thousand artifacts pass through here several times in a run: no lists in between.

function canonicalArray(items: readonly unknown[]): string {
  let text = '';
  for (const item of items) text += (text === '' ? '' : ',') + canonicalJson(item);
  return `[${text}]`;
}

function canonicalObject(members: Readonly<Record<string, unknown>>): string {
  let text = '';
  for (const key of Object.keys(members).sort(compareUtf8)) {
    const member = members[key];
    if (member === undefined) continue;
    text += `${text === '' ? '' : ','}${JSON.stringify(key)}:${canonicalJson(member)}`;
  }
  return `{${text}}`;
}
