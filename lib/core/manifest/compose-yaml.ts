import { Composer, CST, type Document, Lexer, Parser, type YAMLParseError } from 'yaml';
import { withoutCredentials } from '../sources/signed-url.ts';
import type { TextFault } from './decode-text.ts';
import { escapeUnsafe } from './unsafe-characters.ts';

/** About 30,000 artifacts; keeps memory and time bounded for text that is all structure. */
const maximumLexemes = 2_000_000;
/** Open constructs of the parser; values may nest 64 deep, each of which opens at most two. */
const maximumOpen = 192;
const maximumFaults = 1000;

export interface ComposedYaml {
  /** Undefined when there is a fault. */
  readonly document: Document.Parsed | undefined;
  readonly faults: readonly TextFault[];
}

/**
 * YAML 1.2 as one document of plain data. Anchors, aliases, tags, directives and further documents are faults
 * before anything is built from them, so that no text expands.
 */
export function composeYaml(text: string): ComposedYaml {
  const { tokens, faults } = readTokens(text);
  if (faults.length > 0) return { document: undefined, faults };
  const composer = new Composer({
    version: '1.2',
    schema: 'core',
    merge: false,
    strict: true,
    stringKeys: true,
    uniqueKeys: false, // it compares each key with each other; duplicates are found elsewhere, in one pass
    prettyErrors: false,
    logLevel: 'silent',
  });
  const [document] = [...composer.compose(tokens, true, text.length)];
  if (document === undefined) return { document, faults: [{ offset: 0, message: 'the file is empty' }] };
  const errors = [...document.errors, ...document.warnings].map(faultOf);
  return errors.length === 0 ? { document, faults: [] } : { document: undefined, faults: errors };
}

function readTokens(text: string): { tokens: CST.Token[]; faults: TextFault[] } {
  const parser = new Parser();
  const tokens: CST.Token[] = [];
  const faults: TextFault[] = [];
  let lexemes = 0;
  let documents = 0;
  let scalarFollows = false;
  const stop = (message: string) => ({ tokens: [], faults: [...faults, { offset: parser.offset, message }] });
  for (const lexeme of new Lexer().lex(text)) {
    lexemes += 1;
    if (lexemes > maximumLexemes) return stop('the file has too many values to be read; split the collection');
    const refusal = scalarFollows ? undefined : refusedLexeme(lexeme);
    if (refusal !== undefined) faults.push({ offset: parser.offset, message: refusal });
    if (faults.length > maximumFaults) return stop('there are more such mistakes than are listed');
    scalarFollows = lexeme === CST.SCALAR;
    for (const token of parser.next(lexeme)) tokens.push(token);
    if (parser.stack.length > maximumOpen) return stop('values are nested more than 64 deep here');
  }
  for (const token of parser.end()) tokens.push(token);
  for (const token of tokens) {
    if (token.type === 'document') documents += 1;
    if (token.type === 'document' && documents === 2) {
      faults.push({ offset: token.offset, message: 'a second document begins here; a file holds one' });
    }
  }
  return { tokens, faults };
}

function refusedLexeme(lexeme: string): string | undefined {
  switch (CST.tokenType(lexeme)) {
    case 'anchor':
      return 'anchors (&name) are not allowed; write the value out, or quote the text';
    case 'alias':
      return 'aliases (*name) are not allowed; write the value out, or quote the text';
    case 'tag':
      return 'tags (!name) are not allowed; remove it, or quote the text';
    case 'directive-line':
      return 'directives (%…) are not allowed; the format is YAML 1.2';
    default:
      return undefined;
  }
}

/** What the most common mistakes come from, and what would be right. */
const knownErrors: Readonly<Partial<Record<YAMLParseError['code'], string>>> = {
  BAD_DQ_ESCAPE: 'no such escape in double quotes; write \\\\ for a backslash, or use single quotes',
  BAD_SCALAR_START: 'text that begins with this character must be quoted',
  BLOCK_AS_IMPLICIT_KEY: 'text that holds ": " must be quoted; fields of a field stand on lines of their own',
  NON_STRING_KEY: 'the name of a field must be text',
  TAB_AS_INDENT: 'indent with spaces, not with tabs',
};

/** Messages of the library may quote the text, which may hold a credential. */
function faultOf(error: Pick<YAMLParseError, 'pos' | 'message' | 'code'>): TextFault {
  const known = knownErrors[error.code];
  const message = known ?? escapeUnsafe(withoutCredentials(error.message).replace(/\s+/gu, ' ')).slice(0, 200);
  return { offset: error.pos[0], message: `not YAML: ${message}` };
}
