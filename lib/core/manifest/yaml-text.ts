import { type Document, isMap, isScalar, isSeq, type Node, type Pair, type YAMLMap } from 'yaml';
import { InvalidFile } from '../errors.ts';
import { composeYaml } from './compose-yaml.ts';
import { decodeText, type TextFault } from './decode-text.ts';
import type { FieldPath } from './field-path.ts';
import { LinePositions } from './line-positions.ts';

/** Where a field stands in the text, and the text of its value when that is one word. */
export interface Spot {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly written: string | undefined;
}

/**
 * The text of a YAML file, its plain value, and the way from a field back to its place. Composing the document
 * takes ten times as long as reading the value of a regular file, so it is done when somebody asks for it.
 */
export class YamlText {
  readonly file: string;
  readonly text: string;
  readonly #lines: LinePositions;
  readonly #pairsByKey = new WeakMap<YAMLMap, ReadonlyMap<string, Pair>>();
  #document: Document.Parsed | undefined;

  private constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
    this.#lines = new LinePositions(text);
  }

  /** @throws InvalidFile when the bytes are no text of bounded size. */
  static decode(input: string | Uint8Array, file: string): YamlText {
    const { text, fault } = decodeText(input);
    const source = new YamlText(file, text);
    if (fault !== undefined) throw source.#invalid([fault]);
    return source;
  }

  /**
   * For editing in place; its ranges are offsets into `text`.
   * @throws InvalidFile with every syntax error, when it is not one plain document.
   */
  get document(): Document.Parsed {
    if (this.#document === undefined) {
      const { document, faults } = composeYaml(this.text);
      if (document === undefined) throw this.#invalid(faults);
      this.#document = document;
    }
    return this.#document;
  }

  /** The place of a field, or of its key; of the nearest one around it where it does not exist. */
  locate(path: FieldPath, at: 'value' | 'key'): Spot {
    let node: unknown = this.document.contents;
    let key: unknown;
    for (const part of path) {
      const next = this.#child(node, part);
      if (next === undefined) return this.#spot(node ?? key, false);
      ({ key, value: node } = next);
    }
    if (at === 'key' && key != null) return this.#spot(key, false);
    return isEmptyScalar(node) && key != null ? this.#spot(key, false) : this.#spot(node, true);
  }

  /** The place of an offset. */
  position(offset: number): { readonly line: number; readonly column: number } {
    return this.#lines.at(offset);
  }

  #child(node: unknown, part: string | number): Pick<Pair, 'key' | 'value'> | undefined {
    if (typeof part === 'string') return isMap(node) ? this.#pairs(node).get(part) : undefined;
    const value = isSeq(node) ? node.items[part] : undefined;
    return value === undefined ? undefined : { key: undefined, value };
  }

  /** Looked up once per mapping: thousands of problems in one of them must not cost their square. */
  #pairs(map: YAMLMap): ReadonlyMap<string, Pair> {
    let pairs = this.#pairsByKey.get(map);
    if (pairs === undefined) {
      pairs = new Map(map.items.map((pair) => [isScalar(pair.key) ? String(pair.key.value) : '', pair]));
      this.#pairsByKey.set(map, pairs);
    }
    return pairs;
  }

  #spot(node: unknown, withValue: boolean): Spot {
    const [start, end] = (node as Node | null | undefined)?.range ?? [0, 0];
    const written = withValue && isScalar(node) ? this.text.slice(start, end) : undefined;
    return { offset: start, ...this.#lines.at(start), written };
  }

  #invalid(faults: readonly TextFault[]): InvalidFile {
    const problems = faults.map(({ offset, message }) => ({
      file: this.file,
      ...this.#lines.at(offset),
      field: '',
      message,
      severity: 'error' as const,
    }));
    return new InvalidFile(`${this.file} cannot be read`, problems);
  }
}

function isEmptyScalar(node: unknown): boolean {
  return node == null || (isScalar(node) && node.range != null && node.range[0] === node.range[1]);
}
