import { findNodeAtLocation, type Node } from 'jsonc-parser';
import { applyEdits, type TextEdit } from '../../lock/text-edit.ts';
import { lineEnding, lineStart } from '../../lock/text-places.ts';
import { jsonTree } from './json-document.ts';

export type JsonPath = readonly (string | number)[];
type Written = string | number | boolean | null | { readonly [key: string]: Written } | readonly Written[];

/** Sets values in the text of a JSON file: every byte that is not part of one stays as it is. */
export class JsonTextEdits {
  readonly #mark: string;
  readonly #name: string;
  #text: string;
  #root: Node;
  #edits: TextEdit[] = [];
  /** Paths that were set since the text was last read: what is at or below one is not where the tree says. */
  #touched = new Set<string>();
  /** Paths of everything around those: replacing one would undo what was set in it. */
  #around = new Set<string>();

  /** @throws InvalidFile when the text is not JSON */
  constructor(text: string, name: string) {
    // Offsets are those of the text without its byte order mark.
    this.#mark = text.startsWith('\uFEFF') ? '\uFEFF' : '';
    this.#name = name;
    this.#text = text.slice(this.#mark.length);
    this.#root = jsonTree(this.#text, name);
  }

  /** The value as it stands in the text; the last one where a name stands twice, as readers take it. */
  get value(): unknown {
    return JSON.parse(applyEdits(this.#text, this.#edits));
  }

  /** Is there a value at this path? */
  has(path: JsonPath): boolean {
    return this.#find(path) !== undefined;
  }

  /** Is there an object at this path, to which fields can be added? */
  isObject(path: JsonPath): boolean {
    return this.#find(path)?.type === 'object';
  }

  /**
   * Sets a value; a field that is not there is added behind the last one of its object, which must be there.
   * @returns whether the text changes: a value that is there already is left as it is written
   */
  set(path: JsonPath, value: Written): boolean {
    if (this.#around.has(JSON.stringify(path))) this.#readAgain();
    const node = this.#find(path);
    this.#touched.add(JSON.stringify(path));
    for (const index of path.keys()) this.#around.add(JSON.stringify(path.slice(0, index)));
    if (node !== undefined) {
      const before = this.#text.slice(node.offset, node.offset + node.length);
      if (JSON.stringify(JSON.parse(before)) === JSON.stringify(value)) return false;
      const text = this.#render(value, this.#indentAt(node.offset));
      this.#edits.push({ start: node.offset, end: node.offset + node.length, text });
      return true;
    }
    const parent = this.#find(path.slice(0, -1));
    if (parent?.type !== 'object') return false;
    // A second field of an empty object goes behind the first one.
    if (parent.children?.length === 0) this.#touched.add(JSON.stringify(path.slice(0, -1)));
    this.#add(parent, String(path.at(-1)), value);
    return true;
  }

  /** The text with all edits. */
  get text(): string {
    return this.#mark + applyEdits(this.#text, this.#edits);
  }

  #find(path: JsonPath): Node | undefined {
    if (path.some((_, index) => this.#touched.has(JSON.stringify(path.slice(0, index + 1))))) this.#readAgain();
    let node: Node | undefined = this.#root;
    for (const part of path) {
      if (node === undefined) return undefined;
      node = typeof part === 'number' ? findNodeAtLocation(node, [part]) : lastNamed(node, part);
    }
    return node;
  }

  #readAgain(): void {
    this.#text = applyEdits(this.#text, this.#edits);
    this.#root = jsonTree(this.#text, this.#name);
    this.#edits = [];
    this.#touched = new Set();
    this.#around = new Set();
  }

  #add(parent: Node, key: string, value: Written): void {
    const last = parent.children?.at(-1);
    if (last === undefined) {
      const text = `${JSON.stringify(key)}: ${JSON.stringify(value)}`;
      this.#edits.push({ start: parent.offset + 1, end: parent.offset + 1, text });
      return;
    }
    const end = last.offset + last.length;
    const start = lineStart(this.#text, last.offset);
    const before = this.#text.slice(start, last.offset);
    const ownLine = before.trim() === '' && start > parent.offset;
    const gap = ownLine ? `,${lineEnding(this.#text)}${before}` : this.#tight(last) ? ',' : ', ';
    const colon = this.#tight(last) ? ':' : ': ';
    const text = `${gap}${JSON.stringify(key)}${colon}${this.#render(value, ownLine ? before : undefined)}`;
    this.#edits.push({ start: end, end, text });
  }

  /** Is it written without a space behind the colon? */
  #tight(property: Node): boolean {
    const [key, value] = property.children ?? [];
    return key !== undefined && value !== undefined && value.offset - (key.offset + key.length) === 1;
  }

  /** The blanks before the first thing on that line; undefined where a line holds more than one field. */
  #indentAt(offset: number): string | undefined {
    const line = this.#text.slice(lineStart(this.#text, offset), offset);
    return /^[ \t]*(?:"(?:[^"\\]|\\.)*"[ \t]*:[ \t]*)?$/u.test(line) ? (/^[ \t]*/u.exec(line)?.[0] ?? '') : undefined;
  }

  #render(value: Written, indent: string | undefined): string {
    if (typeof value !== 'object' || value === null || indent === undefined) return JSON.stringify(value);
    const unit = indent.includes('\t') ? '\t' : '  ';
    const lines = JSON.stringify(value, null, unit).split('\n');
    return lines.join(`${lineEnding(this.#text)}${indent}`);
  }
}

function lastNamed(node: Node, name: string): Node | undefined {
  if (node.type !== 'object') return undefined;
  const property = node.children?.findLast((child) => child.children?.[0]?.value === name);
  return property?.children?.[1];
}
