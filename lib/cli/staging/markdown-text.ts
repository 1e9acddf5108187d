import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';

/** Characters of a value that a comment shows at most; more is cut in its middle. */
const longest = 160;

/** GitHub takes comments of up to 65,536 characters, GitLab of a million. */
const longestPage = 60_000;

/** All but what means nothing anywhere; a dot behind `www` would make a link. */
const meaningful = /[^A-Za-z0-9 ./+=-]|(?<=www)\./giu;

/**
 * A value of somebody else's in a comment: shown as it is, and nothing else. Each character that could mean something
 * to Markdown, HTML or a table is written as its number, which neither reads as structure; inside of `<code>` no name
 * becomes a mention and no number a link to an issue.
 */
export function codeText(value: string): string {
  const shown = escapeUnsafe(shorten(value));
  const numbers = shown.replace(meaningful, (character) => `&#${character.codePointAt(0)};`);
  return `<code>${numbers}</code>`;
}

/** Lines of a comment, and where it is too long, as many of them as fit. */
export function commentText(lines: readonly string[]): string {
  let used = 0;
  const kept = lines.filter((line) => {
    used += line.length + 1;
    return used <= longestPage;
  });
  if (kept.length === lines.length) return lines.join('\n');
  return [...kept, '', `_${lines.length - kept.length} more lines: run the command on your machine._`].join('\n');
}

function shorten(value: string): string {
  const characters = [...value];
  if (characters.length <= longest) return value;
  const half = Math.floor(longest / 2) - 1;
  return `${characters.slice(0, half).join('')}…${characters.slice(-half).join('')}`;
}
