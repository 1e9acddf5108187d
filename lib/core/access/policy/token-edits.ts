import { isDeepStrictEqual } from 'node:util';
import {
  type Document,
  isMap,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  parseDocument,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import { UsageError } from '../../errors.ts';
import { applyEdits, type TextEdit } from '../../lock/text-edit.ts';
import { afterOwnComments, contentEnd, lineEnd, lineEnding, lineStart } from '../../lock/text-places.ts';
import { scalarText } from '../../lock/yaml-scalar-text.ts';
import type { TokenDigest } from '../access-policy.ts';

/** The text of a policy, and the document that was made of exactly this text. */
export interface PolicyText {
  readonly text: string;
  readonly document: Document;
}

/**
 * The text with one token more for a principal, which is made where there is none. Comments, order and quotes of
 * everything else stay byte for byte.
 * @throws UsageError where the text has a shape that cannot be edited in place; the hint says what to write by hand.
 */
export function withToken(policy: PolicyText, name: string, token: TokenDigest): string {
  const edit = insertion(policy, name, token);
  const expected = plain(policy.document);
  const principals = (expected.principals ?? {}) as Fields;
  expected.principals = principals;
  const principal = ownField(principals, name) as { tokens: TokenDigest[] } | undefined;
  if (principal === undefined) principals[name] = { tokens: [token] };
  else principal.tokens = [...principal.tokens, token];
  return proven(policy, edit, expected, `Write it by hand: ${JSON.stringify({ [name]: { tokens: [token] } })}.`);
}

/**
 * The text without some tokens of a principal; the principal stays, since grants may name it.
 * @param digests of tokens that it has
 * @throws UsageError likewise
 */
export function withoutTokens(policy: PolicyText, name: string, digests: ReadonlySet<string>): string {
  const seq = tokensOf(policy.document, name);
  const expected = plain(policy.document);
  const principals = expected.principals as Record<string, { tokens: TokenDigest[] }>;
  const principal = ownField(principals, name) as { tokens: TokenDigest[] };
  const kept = principal.tokens.map(({ sha256 }) => !digests.has(sha256));
  principal.tokens = principal.tokens.filter((_, index) => kept[index]);
  const edits = seq === undefined ? undefined : removals(policy.text, seq, kept);
  return proven(policy, edits, expected, 'Take the lines out by hand.');
}

type Fields = Record<string, unknown>;

function ownField(fields: object, name: string): unknown {
  return Object.hasOwn(fields, name) ? (fields as Fields)[name] : undefined;
}

function plain(document: Document): Fields {
  return document.toJS() as Fields;
}

/** YAML has more shapes than an editor of lines can know: the result must say exactly what it is meant to. */
function proven(policy: PolicyText, edits: readonly TextEdit[] | undefined, expected: Fields, hint: string): string {
  if (edits !== undefined) {
    const text = applyEdits(policy.text, edits);
    const reread = parseDocument(text);
    if (reread.errors.length === 0 && isDeepStrictEqual(reread.toJS(), expected)) return text;
  }
  throw new UsageError('the policy is written in a way that cannot be edited in place; nothing was written', { hint });
}

function pairOf(map: unknown, key: string): Pair<Node, Node | null> | undefined {
  if (!isMap(map)) return undefined;
  return map.items.find((pair) => isScalar(pair.key) && pair.key.value === key) as Pair<Node, Node | null> | undefined;
}

function tokensOf(document: Document, name: string): YAMLSeq | undefined {
  const principals = pairOf(document.contents, 'principals')?.value;
  const tokens = pairOf(pairOf(principals, name)?.value, 'tokens')?.value;
  return isSeq(tokens) ? tokens : undefined;
}

function insertion({ text, document }: PolicyText, name: string, token: TokenDigest): TextEdit[] | undefined {
  const tokens = tokensOf(document, name);
  if (tokens !== undefined)
    return tokens.flow === true ? intoFlow(tokens, flowToken(tokens, token)) : intoList(text, tokens, token);
  const principals = pairOf(document.contents, 'principals');
  if (isMap(principals?.value) && principals.value.flow === true) {
    const quote = isQuoted(document.contents) ? '"' : '';
    const member = `${quote}${name}${quote}: { ${quote}tokens${quote}: [${flowToken(principals.value, token, quote)}] }`;
    return intoFlow(principals.value, member);
  }
  if (isMap(principals?.value)) return intoMap(text, principals.value, name, token);
  if (principals !== undefined || !isMap(document.contents)) return undefined;
  return newSection(text, document.contents, name, token);
}

function isQuoted(map: unknown): boolean {
  const first = isMap(map) ? map.items[0] : undefined;
  return isScalar(first?.key) && first.key.type === 'QUOTE_DOUBLE';
}

function flowToken(near: YAMLSeq | YAMLMap, { sha256, expires }: TokenDigest, quoteOf?: '"' | ''): string {
  const first = isSeq(near) ? near.items[0] : undefined;
  const quote = quoteOf ?? (isQuoted(first) ? '"' : '');
  const value = (text: string) => (quote === '' ? scalarText(text, undefined) : `"${text}"`);
  return `{ ${quote}sha256${quote}: ${value(sha256)}, ${quote}expires${quote}: ${value(expires)} }`;
}

/** Before the closing bracket, behind a comma where something stands before it. */
function intoFlow(collection: YAMLSeq | YAMLMap, member: string): TextEdit[] | undefined {
  const last = collection.items.at(-1);
  if (last !== undefined) {
    const end = contentEnd(last);
    return end === undefined ? undefined : [{ start: end, end, text: `, ${member}` }];
  }
  if (collection.range == null) return undefined;
  const open = collection.range[0] + 1;
  const space = isMap(collection) ? ' ' : '';
  return [{ start: open, end: open, text: `${space}${member}${space}` }];
}

/** Behind the last item, written like it. */
function intoList(text: string, tokens: YAMLSeq, token: TokenDigest): TextEdit[] | undefined {
  const last = tokens.items.at(-1) as Node | undefined;
  const start = last?.range?.[0];
  const end = contentEnd(last);
  if (start === undefined || end === undefined) return undefined;
  const dash = text.lastIndexOf('-', start);
  const indent = text.slice(lineStart(text, dash), dash);
  if (dash < 0 || indent.trim() !== '') return undefined;
  const { sha256, expires } = token;
  const eol = lineEnding(text);
  const block = isMap(last) && last.flow !== true;
  const gap = text.slice(dash + 1, start);
  const lines = block
    ? `${indent}-${gap}sha256: ${scalarText(sha256, undefined)}${eol}${indent} ${gap}expires: ${scalarText(expires, undefined)}`
    : `${indent}- ${flowToken(tokens, token)}`;
  return [lineBehind(text, end, indent.length, lines)];
}

/** A principal behind the last one, indented like it. */
function intoMap(text: string, principals: YAMLMap, name: string, token: TokenDigest): TextEdit[] | undefined {
  const first = principals.items[0]?.key as Node | undefined;
  const end = contentEnd(principals.items.at(-1));
  if (first?.range == null || end === undefined) return undefined;
  const indent = text.slice(lineStart(text, first.range[0]), first.range[0]);
  if (indent.trim() !== '') return undefined;
  const lines = principalLines(indent, name, token, lineEnding(text));
  return [lineBehind(text, end, indent.length, lines)];
}

/** `principals:` itself, at the end of the file. */
function newSection(text: string, top: YAMLMap, name: string, token: TokenDigest): TextEdit[] | undefined {
  const end = contentEnd(top.items.at(-1));
  if (top.flow === true || end === undefined) return undefined;
  const eol = lineEnding(text);
  return [lineBehind(text, end, 0, `${eol}principals:${eol}${principalLines('  ', name, token, eol)}`)];
}

export function principalLines(indent: string, name: string, { sha256, expires }: TokenDigest, eol: string): string {
  const fields = `{ sha256: ${scalarText(sha256, undefined)}, expires: ${scalarText(expires, undefined)} }`;
  return [`${indent}${name}:`, `${indent}  tokens:`, `${indent}    - ${fields}`].join(eol);
}

/** A new line behind what ends at `end`, and behind the comments that are indented deeper, which are its own. */
function lineBehind(text: string, end: number, indent: number, lines: string): TextEdit {
  const eol = lineEnding(text);
  if (end > 0 && text[end - 1] === '\n') return { start: end, end, text: `${lines}${eol}` };
  const at = afterOwnComments(text, lineEnd(text, end), indent);
  return { start: at, end: at, text: `${eol}${lines}` };
}

function removals(text: string, tokens: YAMLSeq, kept: readonly boolean[]): TextEdit[] | undefined {
  if (tokens.range == null) return undefined;
  const items = tokens.items as readonly Node[];
  if (tokens.flow === true) {
    const written = items.filter((_, index) => kept[index] === true).map(({ range }) => text.slice(...cut(range)));
    return [{ start: tokens.range[0], end: tokens.range[1], text: `[${written.join(', ')}]` }];
  }
  if (!kept.includes(true)) {
    const end = contentEnd(tokens);
    // From the colon on: the list begins on a line of its own.
    const start = text.lastIndexOf(':', tokens.range[0]) + 1;
    return end === undefined ? undefined : [{ start, end: lineEnd(text, end), text: ' []' }];
  }
  return items.flatMap((item, index) => {
    const end = contentEnd(item);
    if (kept[index] === true || item.range == null || end === undefined) return [];
    const start = lineStart(text, text.lastIndexOf('-', item.range[0]));
    const after = text.indexOf('\n', end);
    return [{ start, end: after < 0 ? text.length : after + 1, text: '' }];
  });
}

function cut(range: Node['range']): [number, number] {
  return [range?.[0] ?? 0, range?.[1] ?? 0];
}
