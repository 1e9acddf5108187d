import { readFile } from 'node:fs/promises';
import { basename, relative, resolve, sep } from 'node:path';
import { InvalidFile, UsageError } from '../errors.ts';
import { decodeText, maximumTextBytes } from '../manifest/decode-text.ts';

/** A file of another system, as text. */
export interface InputText {
  /** Absolute. */
  readonly path: string;
  /** How messages name it: relative, or its name alone where it lies elsewhere. */
  readonly name: string;
  /** Without a byte order mark; line endings as they are. */
  readonly text: string;
}

/**
 * Reads an input that is one file of text.
 * @throws UsageError when it cannot be read; InvalidFile when it is no UTF-8 text of bounded size.
 */
export async function readInput(input: string, cwd: string): Promise<InputText> {
  const path = resolve(cwd, input);
  const name = inputName(path, cwd);
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw unreadable(name, cause);
  });
  const { text, fault } = decodeText(bytes);
  if (fault !== undefined) throw notOfFormat(name, fault.message, text, fault.offset);
  return { path, name, text };
}

/** How an absolute path is shown: never as it is. */
export function inputName(path: string, cwd: string): string {
  const way = relative(cwd, path).split(sep).join('/');
  return way === '' || way.startsWith('..') || /^(?:\/|[A-Za-z]:)/.test(way) ? basename(path) : way;
}

/** The error for an input that is not there, or cannot be read. */
export function unreadable(name: string, cause: NodeJS.ErrnoException): UsageError {
  const reasons: Readonly<Record<string, string>> = {
    ENOENT: 'there is no such file',
    ENOTDIR: 'there is no such file',
    EISDIR: 'it is a folder; name a file in it',
    EACCES: 'reading it is not permitted',
    ERR_FS_FILE_TOO_LARGE: `at most ${maximumTextBytes} bytes are read`,
  };
  const code = String(cause.code);
  return new UsageError(`${name} cannot be read: ${reasons[code] ?? code}`, { cause });
}

/** The error for an input that is not of the format at all: what is wrong, and at which offset of its text. */
export function notOfFormat(name: string, message: string, text = '', offset = 0): InvalidFile {
  const before = text.slice(0, offset);
  const line = before.split('\n').length;
  const column = offset - (before.lastIndexOf('\n') + 1) + 1;
  const problem = { file: name, line, column, field: '', message, severity: 'error' } as const;
  return new InvalidFile(`${name} cannot be imported`, [problem]);
}
