/**
 * Puts a text between the two comments of its name in a page.
 * @throws Error when the page has not both, once each.
 */
export function replaceSection(page: string, name: string, text: string): string {
  const [begin, end] = [`<!-- generated: ${name} -->`, `<!-- end of ${name} -->`];
  const [before, inner, ...more] = page.split(begin);
  const [, after, ...others] = (inner ?? '').split(end);
  if (before === undefined || after === undefined || more.length + others.length > 0) {
    throw new Error(`the page needs ${begin} and ${end}, once each`);
  }
  return `${before}${begin}\n\n${text}\n\n${end}${after}`;
}
