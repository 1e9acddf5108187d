/**
 * Puts what happened and what to do about it into one line. Messages end without a full stop, hints with one; a part
 * that ends in neither a full stop nor another mark gets one before the next begins. Absent parts are left out.
 */
export function sentences(parts: readonly (string | undefined)[]): string {
  return parts
    .filter((part) => part !== undefined && part !== '')
    .reduce<string>(
      (line, part) => (line === '' ? `${part}` : `${line}${/[.!?…]$/.test(line) ? '' : '.'} ${part}`),
      '',
    );
}
