import { escapeUnsafe } from './unsafe-characters.ts';

const maximumLength = 120;

export type FieldPath = readonly (string | number)[];

/** `artifacts[2].labels["two words"]`; empty for the document itself. */
export function formatFieldPath(path: FieldPath): string {
  const text = path
    .map((part, index) => {
      if (typeof part === 'number') return `[${part}]`;
      if (!/^[A-Za-z_][A-Za-z0-9_-]{0,63}$/u.test(part)) return `[${escapeUnsafe(JSON.stringify(part.slice(0, 64)))}]`;
      return index === 0 ? part : `.${part}`;
    })
    .join('');
  return text.length <= maximumLength ? text : `${text.slice(0, maximumLength)}…`;
}
