/** Reads a request header by lower-case name. */
export type HeaderOf = (name: string) => string | undefined;

/** What conditions are judged against. */
export interface Validators {
  /** Strong, with quotes. */
  readonly etag: string;
  /** Undefined where it is not known: conditions on dates are then as if they had not been sent, `If-Range` does not hold. */
  readonly modifiedAt: Date | undefined;
}

/**
 * Judges the conditional headers of a GET or HEAD in the order of RFC 9110 §13.2.2.
 * @returns the status that ends the request, or undefined when it goes on
 */
export function failedPrecondition(header: HeaderOf, current: Validators): 304 | 412 | undefined {
  const ifMatch = header('if-match');
  if (ifMatch !== undefined) {
    if (!listHas(ifMatch, current.etag, 'strong')) return 412;
  } else {
    const since = parseDate(header('if-unmodified-since'));
    if (since !== undefined && current.modifiedAt !== undefined && seconds(current.modifiedAt) > since) return 412;
  }
  const ifNoneMatch = header('if-none-match');
  if (ifNoneMatch !== undefined) return listHas(ifNoneMatch, current.etag, 'weak') ? 304 : undefined;
  const since = parseDate(header('if-modified-since'));
  const unchanged = since !== undefined && current.modifiedAt !== undefined && seconds(current.modifiedAt) <= since;
  return unchanged ? 304 : undefined;
}

/** May the `Range` of this request be honoured? `If-Range` takes one strong tag or exactly the modification date. */
export function rangeApplies(header: HeaderOf, current: Validators): boolean {
  const condition = header('if-range')?.trim();
  if (condition === undefined) return true;
  if (condition.startsWith('"')) return condition === current.etag;
  return current.modifiedAt !== undefined && parseDate(condition) === seconds(current.modifiedAt);
}

function listHas(list: string, etag: string, comparison: 'strong' | 'weak'): boolean {
  if (list.trim() === '*') return true;
  for (const [, weak, tag] of list.matchAll(/(W\/)?("[^"]*")/g)) {
    if (tag === etag && (comparison === 'weak' || weak === undefined)) return true;
  }
  return false;
}

/** HTTP dates have whole seconds. */
function seconds(date: Date): number {
  return Math.floor(date.getTime() / 1000);
}

function parseDate(text: string | undefined): number | undefined {
  const time = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.floor(time / 1000);
}
