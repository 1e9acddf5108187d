import { isPlaceholder } from '../../manifest/placeholders.ts';
import { unsafeCharacter } from '../../manifest/unsafe-characters.ts';

/** What is wrong with a text of a policy, whatever it means; undefined when it may be used. */
export function textProblem(text: string, placeholders: readonly string[]): string | undefined {
  const hidden = unsafeCharacter(text);
  if (hidden !== undefined) return `holds a character that is not seen (${hidden}); remove it`;
  if (text.trim() !== text) return 'begins or ends with white space; remove it';
  if (isPlaceholder(text, placeholders)) return 'this is a placeholder; write what is meant';
  return undefined;
}

/** The same of a pattern. */
export function patternProblem(pattern: string, placeholders: readonly string[]): string | undefined {
  if (pattern.includes('***')) return 'write * (anything but "/" and ":") or ** (anything)';
  return textProblem(pattern, placeholders);
}

/** A pattern of nothing but stars. */
export function coversEverything(pattern: string): boolean {
  return /^\*+$/u.test(pattern);
}
