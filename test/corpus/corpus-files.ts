import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Problem } from '../../lib/core/errors.ts';

export interface CorpusFile {
  readonly name: string;
  readonly text: string;
}

/**
 * The files of one corpus. Each says in its first lines what must be said about it:
 * `# expect LINE:COLUMN SEVERITY FIELD: MESSAGE · VALUE AS SHOWN`.
 */
export function corpusFiles(corpus: 'manifests' | 'policies', kind: 'good' | 'wrong'): CorpusFile[] {
  const folder = join(import.meta.dirname, corpus, kind);
  return readdirSync(folder).map((file) => ({
    name: file.replace(/\.yaml$/u, '').replaceAll('-', ' '),
    text: readFileSync(join(folder, file), 'utf8'),
  }));
}

export function expectedLines(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('# expect ') ? [line.slice('# expect '.length)] : []));
}

export function shownProblem(problem: Problem): string {
  const { line, column, severity, field, message, value } = problem;
  return `${line}:${column} ${severity} ${field}: ${message}${value === undefined ? '' : ` · ${value}`}`;
}
