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
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  if (typeof value === 'object') {
    if ('toJSON' in value && typeof value.toJSON === 'function') return canonicalJson(value.toJSON());
    const members = Object.entries(value)
      .filter(([, member]) => member !== undefined)
      .sort(([a], [b]) => compareUtf8(a, b))
      .map(([key, member]) => `${JSON.stringify(key)}:${canonicalJson(member)}`);
    return `{${members.join(',')}}`;
  }
  throw new TypeError(`JSON has no ${typeof value}`);
}
