import { type Node, type ParseError, parseTree, printParseErrorCode } from 'jsonc-parser';
import { escapeUnsafe } from '../../manifest/unsafe-characters.ts';
import { notOfFormat } from '../read-input.ts';
import type { FindingList } from './finding-list.ts';

/** A text of this depth is an attack, not a registry; parsers that call themselves would run out of stack. */
const maximumDepth = 64;

/**
 * The tree of a JSON text: strict, without comments, each value with its place.
 * @param name how the error calls the file
 * @throws InvalidFile with the place of the first mistake; never quotes the text, which may hold a credential
 */
export function jsonTree(text: string, name: string): Node {
  const errors: ParseError[] = [];
  const deep = tooDeep(text);
  if (deep !== undefined) throw notOfFormat(name, `values are nested more than ${maximumDepth} deep`, text, deep);
  const tree = parseTree(text, errors, { allowTrailingComma: false, disallowComments: true });
  const [error] = errors;
  if (error !== undefined) {
    throw notOfFormat(name, `not JSON: ${words(printParseErrorCode(error.error))}`, text, error.offset);
  }
  if (tree === undefined) throw notOfFormat(name, 'the file is empty');
  return tree;
}

/**
 * The value of a JSON text. Keys that stand twice are findings: every reader keeps the last one.
 * @throws InvalidFile when it is not JSON
 */
export function jsonValue(text: string, name: string, findings: FindingList): unknown {
  const tree = jsonTree(text, name);
  namesTwice(tree, '', name, findings);
  return JSON.parse(text);
}

function namesTwice(node: Node, path: string, file: string, findings: FindingList): void {
  const seen = new Set<string>();
  for (const child of node.children ?? []) {
    if (node.type !== 'object') {
      namesTwice(child, path, file, findings);
      continue;
    }
    const [key, value] = child.children ?? [];
    const name = escapeUnsafe(String(key?.value));
    const field = path === '' ? name : `${path}.${name}`;
    if (seen.has(name)) findings.add('conflict', file, field, 'this name stands twice; the last one counts');
    seen.add(name);
    if (value !== undefined) namesTwice(value, field, file, findings);
  }
}

function tooDeep(text: string): number | undefined {
  let depth = 0;
  let quoted = false;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (quoted) {
      if (code === 0x5c) at += 1;
      else if (code === 0x22) quoted = false;
    } else if (code === 0x22) quoted = true;
    else if (code === 0x7b || code === 0x5b) {
      depth += 1;
      if (depth > maximumDepth) return at;
    } else if (code === 0x7d || code === 0x5d) depth -= 1;
  }
  return undefined;
}

/** `ValueExpected` → `value expected`. */
function words(code: string): string {
  return code.replace(/(?<=[a-z])(?=[A-Z])/gu, ' ').toLowerCase();
}
