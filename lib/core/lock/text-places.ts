import { isCollection, isPair } from 'yaml';

/** Offset behind the last character that belongs to the pair, trailing comments and blank lines excluded. */
export function contentEnd(node: unknown): number | undefined {
  if (isPair(node)) return contentEnd(node.value) ?? contentEnd(node.key);
  if (isCollection(node) && node.flow !== true) {
    const last = node.items.at(-1);
    return last === undefined ? node.range?.[1] : contentEnd(last);
  }
  if (typeof node === 'object' && node !== null && 'range' in node && Array.isArray(node.range)) {
    return typeof node.range[1] === 'number' ? node.range[1] : undefined;
  }
  return undefined;
}

/** Comment lines that are indented deeper than the mapping belong to the value above them (`  # - old source`). */
export function afterOwnComments(text: string, end: number, indent: number): number {
  let at = end;
  for (;;) {
    const line = text.slice(at).match(/^\r?\n([ \t]*)#[^\r\n]*/);
    if (line?.[1] === undefined || line[1].length <= indent) return at;
    at += line[0].length;
  }
}

/** Where the line begins that `at` is on. */
export function lineStart(text: string, at: number): number {
  return text.lastIndexOf('\n', at - 1) + 1;
}

/** Where that line ends, its line break not included. */
export function lineEnd(text: string, at: number): number {
  const end = text.indexOf('\n', at);
  if (end === -1) return text.length;
  return text[end - 1] === '\r' && end > at ? end - 1 : end;
}

/** The line ending of the file's first line. */
export function lineEnding(text: string): '\r\n' | '\n' {
  const end = text.indexOf('\n');
  return end > 0 && text[end - 1] === '\r' ? '\r\n' : '\n';
}
