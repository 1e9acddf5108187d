const namePattern = /^(?:[A-Za-z0-9_][A-Za-z0-9._-]{0,199}\/){0,7}[A-Za-z0-9_][A-Za-z0-9._-]{0,199}$/;

/** @throws RangeError for what is no name of a state document: names are made by this program, so a wrong one is a mistake in it. */
export function checkDocumentName(name: string): void {
  if (!namePattern.test(name)) throw new RangeError(`not a name of a state document: ${JSON.stringify(name)}`);
}
