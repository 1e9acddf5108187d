import { inlineValue } from './regular-scalar.ts';

/**
 * The value of YAML in its most regular form (block mappings and lists of one-line values, as `lock` and people
 * write them), or undefined for anything else, which the full reader then judges. It accepts nothing that the
 * full reader refuses and reads nothing differently; ten thousand artifacts take a twentieth of the time.
 */
export function readRegularYaml(text: string): unknown {
  if (unusual.test(text)) return undefined;
  const reader = new Reader(text);
  const value = reader.block(0, 0);
  return value === irregular || !reader.done ? undefined : value;
}

const irregular = Symbol('irregular');
const maximumDepth = 16;

/** Tabs, carriage returns, hidden characters and white space other than the space: not regular. */
const unusual = /[^\n\P{C}]|[^ \P{Z}]/u;

/** `key: value`, `key:`; the value without a trailing comment. */
const entry = /^([A-Za-z_][A-Za-z0-9_-]*):(?: +(\S.*))?$/u;

interface Line {
  readonly indent: number;
  readonly content: string;
}

class Reader {
  readonly #text: string;
  #offset = 0;
  /** The line that is next, comments and empty lines left out; undefined at the end. */
  #line: Line | undefined;

  constructor(text: string) {
    this.#text = text;
    this.#advance();
  }

  get done(): boolean {
    return this.#line === undefined;
  }

  #advance(): void {
    this.#line = undefined;
    while (this.#line === undefined && this.#offset < this.#text.length) {
      const end = this.#text.indexOf('\n', this.#offset);
      const line = this.#text.slice(this.#offset, end < 0 ? undefined : end);
      this.#offset = end < 0 ? this.#text.length : end + 1;
      const content = line.trimStart();
      if (content !== '' && !content.startsWith('#')) this.#line = { indent: line.length - content.length, content };
    }
  }

  /** The mapping or list whose lines stand at exactly `indent`. */
  block(indent: number, depth: number): unknown {
    const line = this.#line;
    if (line === undefined || line.indent !== indent || depth > maximumDepth) return irregular;
    return line.content.startsWith('- ') ? this.#list(indent, depth) : this.#mapping(indent, depth);
  }

  #list(indent: number, depth: number): unknown {
    const items: unknown[] = [];
    for (let line = this.#line; line?.indent === indent; line = this.#line) {
      if (!line.content.startsWith('- ')) break;
      const content = line.content.slice(2);
      const item = entry.test(content) ? this.#itemMapping(indent + 2, content, depth) : this.#scalar(content);
      if (item === irregular) return irregular;
      items.push(item);
    }
    return items;
  }

  /** The mapping that begins on the line of its dash, as if the dash were two more spaces. */
  #itemMapping(indent: number, content: string, depth: number): unknown {
    this.#line = { indent, content };
    return this.#mapping(indent, depth + 1);
  }

  #mapping(indent: number, depth: number): unknown {
    const fields: Record<string, unknown> = {};
    for (let line = this.#line; line?.indent === indent; line = this.#line) {
      const match = entry.exec(line.content);
      if (match === null) return irregular;
      const [, key = '', rest] = match;
      if (key === '__proto__' || Object.hasOwn(fields, key)) return irregular;
      const value = rest === undefined || rest.startsWith('#') ? this.#nested(indent, depth) : this.#scalar(rest);
      if (value === irregular) return irregular;
      fields[key] = value;
    }
    return fields;
  }

  #nested(indent: number, depth: number): unknown {
    this.#advance();
    const line = this.#line;
    if (line === undefined) return irregular;
    if (line.indent === indent && line.content.startsWith('- ')) return this.#list(indent, depth + 1);
    return line.indent > indent ? this.block(line.indent, depth + 1) : irregular;
  }

  #scalar(content: string): unknown {
    this.#advance();
    const value = inlineValue(content.trimEnd());
    return value === undefined ? irregular : value;
  }
}
