/** A value this short is nobody's secret, but one of a test; taking it out would only mangle the text. */
const shortest = 4;

/** Takes values that must never be shown, such as tokens, out of a text. */
export function hideSecrets(text: string, secrets: readonly (string | undefined)[]): string {
  let hidden = text;
  for (const secret of secrets) {
    if (secret !== undefined && secret.length >= shortest) hidden = hidden.replaceAll(secret, '***');
  }
  return hidden;
}

/** Takes user, query and fragment out of every URL in a text that this program did not write: signatures are there. */
export function hideUrlSecrets(text: string): string {
  return text.replace(
    /\b([a-z][a-z0-9+.-]*:\/\/)(?:[^\s/@?#'"]*@)?([^\s?#'"]*)([?#][^\s'"]*)?/gi,
    (_, scheme: string, rest: string, tail: string | undefined) => scheme + rest + (tail === undefined ? '' : '?…'),
  );
}
