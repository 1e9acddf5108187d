import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { InvalidFile, type Problem } from '../../../lib/core/errors.ts';
import { parseManifest } from '../../../lib/core/manifest/parse-manifest.ts';

/**
 * Each file says in its first lines what must be said about it:
 * `# expect LINE:COLUMN SEVERITY FIELD: MESSAGE · VALUE AS SHOWN`.
 */
const corpus = join(import.meta.dirname, '../../corpus/manifests');

function corpusFiles(kind: 'good' | 'wrong'): { name: string; text: string }[] {
  const folder = join(corpus, kind);
  return readdirSync(folder).map((file) => ({
    name: file.replace(/\.yaml$/u, '').replaceAll('-', ' '),
    text: readFileSync(join(folder, file), 'utf8'),
  }));
}

function expectedLines(text: string): string[] {
  return text.split('\n').flatMap((line) => (line.startsWith('# expect ') ? [line.slice('# expect '.length)] : []));
}

function shown(problem: Problem): string {
  const { line, column, severity, field, message, value } = problem;
  return `${line}:${column} ${severity} ${field}: ${message}${value === undefined ? '' : ` · ${value}`}`;
}

function outcome(text: string): { valid: boolean; problems: readonly Problem[] } {
  try {
    return { valid: true, problems: parseManifest(text, { file: 'm.yaml' }).problems };
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return { valid: false, problems: error.problems };
  }
}

describe('a manifest of the corpus that is wrong is refused, with the exact problems', () => {
  for (const { name, text } of corpusFiles('wrong')) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shown)).toEqual(expectedLines(text));
      expect(valid).toBe(false);
      expect(JSON.stringify(problems)).not.toContain('SECRET');
    });
  }

  it('and they are many', () => {
    expect(corpusFiles('wrong').length).toBeGreaterThanOrEqual(70);
    for (const { name, text } of corpusFiles('wrong')) expect(expectedLines(text), name).not.toHaveLength(0);
  });
});

describe('a manifest of the corpus that is right is read, with the exact warnings', () => {
  for (const { name, text } of corpusFiles('good')) {
    it(name, () => {
      const { valid, problems } = outcome(text);
      expect(problems.map(shown)).toEqual(expectedLines(text));
      expect(valid).toBe(true);
    });
  }
});
