/**
 * The name that was probably meant: the one within a third of its length in edits, or differing in case only.
 * A suggestion for a person to read, never something to act on.
 */
export function closestName(wanted: string, names: readonly string[]): string | undefined {
  let best: string | undefined;
  let bestDistance = Math.floor(Math.max(wanted.length, 3) / 3) + 1;
  for (const name of names) {
    const distance = editDistance(wanted.toLowerCase(), name.toLowerCase());
    if (distance < bestDistance) {
      best = name;
      bestDistance = distance;
    }
  }
  return best;
}

/** `; did you mean 'x'? there is a, b, c`: the end of a message about an unknown name. */
export function knownNames(wanted: string, names: readonly string[], shown = 20): string {
  if (names.length === 0) return '; there is none';
  const close = closestName(wanted, names);
  const more = names.length > shown ? ` and ${names.length - shown} more` : '';
  return `${close === undefined ? '; there is' : `; did you mean ${close}? There is`} ${names.slice(0, shown).join(', ')}${more}`;
}

/** Levenshtein distance, one row at a time. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i += 1) {
    const next = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const replaced = (row[j - 1] as number) + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, (row[j] as number) + 1, (next[j - 1] as number) + 1));
    }
    row = next;
  }
  return row[b.length] as number;
}
