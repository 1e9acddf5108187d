import type { ByteRange } from '../byte-range.ts';

/** A `Content-Range` of a 206 (RFC 9110 §14.4), its end made exclusive; `total` is undefined for `*`. */
export interface ContentRange extends ByteRange {
  readonly total: number | undefined;
}

/** Undefined when it is absent or malformed. */
export function parseContentRange(value: string | undefined): ContentRange | undefined {
  const match = /^bytes (\d{1,16})-(\d{1,16})\/(\d{1,16}|\*)$/i.exec(value?.trim() ?? '');
  if (match === null) return undefined;
  const start = Number(match[1]);
  const end = Number(match[2]) + 1;
  const total = match[3] === '*' ? undefined : Number(match[3]);
  return end <= start || (total !== undefined && end > total) ? undefined : { start, end, total };
}

/** The total in the `Content-Range: bytes * /N` of a 416. */
export function parseUnsatisfiedTotal(value: string | undefined): number | undefined {
  const match = /^bytes \*\/(\d{1,16})$/i.exec(value?.trim() ?? '');
  return match === null ? undefined : Number(match[1]);
}
