/** A run of bytes: `start` inclusive, `end` exclusive, so that `end - start` is its length. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

export function rangeLength(range: ByteRange): number {
  return range.end - range.start;
}

/** The `Range` request header for it: HTTP ends are inclusive (RFC 9110 §14.1.2). */
export function rangeHeader(range: ByteRange): string {
  return `bytes=${range.start}-${range.end - 1}`;
}

/** Cuts `[from, to)` at multiples of `step` counted from zero; the last piece may be shorter. */
export function* splitRange(from: number, to: number, step: number): Generator<ByteRange> {
  for (let start = from; start < to; ) {
    const end = Math.min(to, (Math.floor(start / step) + 1) * step);
    yield { start, end };
    start = end;
  }
}
