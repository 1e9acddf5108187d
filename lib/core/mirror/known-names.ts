import { closestWord } from '../manifest/did-you-mean.ts';

/** `; did you mean x? There is a, b, c`: the end of a message about a name that is unknown. A suggestion, never acted on. */
export function knownNames(wanted: string, names: readonly string[], shown = 20): string {
  if (names.length === 0) return '; there is none';
  const close = closestWord(wanted, names);
  const more = names.length > shown ? ` and ${names.length - shown} more` : '';
  return `${close === undefined ? '; there is' : `; did you mean ${close}? There is`} ${names.slice(0, shown).join(', ')}${more}`;
}
