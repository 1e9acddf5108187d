import { Sha256 } from '../digest/sha256.ts';
import { compareUtf8 } from '../utf8-order.ts';

export interface SumsLine {
  readonly file: string;
  readonly sha256: Sha256;
}

/** GNU `sha256sum` format: two spaces, sorted by name, no times; names were validated to hold no newline or backslash. */
export function formatSums(lines: readonly SumsLine[]): string {
  return [...lines]
    .sort((a, b) => compareUtf8(a.file, b.file))
    .map(({ file, sha256 }) => `${sha256.hex}  ${file}\n`)
    .join('');
}

/** Reads what `formatSums` wrote; undefined when a line is anything else. */
export function parseSums(text: string): readonly SumsLine[] | undefined {
  const lines: SumsLine[] = [];
  for (const line of text.split('\n').slice(0, -1)) {
    const match = /^([0-9a-f]{64})[ ][ *](.+)$/.exec(line);
    if (match === null) return undefined;
    lines.push({ sha256: Sha256.of(match[1] as string), file: match[2] as string });
  }
  return text === '' || text.endsWith('\n') ? lines : undefined;
}
