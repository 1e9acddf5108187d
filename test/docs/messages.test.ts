import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../project/source-files.ts';

const page = readFileSync(join(root, 'docs/troubleshooting.md'), 'utf8');

/** All of the program's text, without the line breaks and quotes that cut its messages into pieces. */
const program = ['lib', 'bin', 'tools']
  .flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => /\.(?:ts|js|cjs)$/.test(name))
      .map((name) => readFileSync(join(root, folder, name), 'utf8')),
  )
  .join('\n')
  .replace(/\\`/g, '`');

describe('docs/troubleshooting.md', () => {
  it('explains only messages that the program has', () => {
    const shown = [...page.matchAll(/\*\*([^*]+)\*\*/g)].map(([, words]) => (words as string).replace(/\s+/g, ' '));
    expect(shown.length).toBeGreaterThan(25);
    const unknown = shown
      .filter((words) => !words.startsWith('npm '))
      .flatMap((words) => words.split(/…|C@V|FILE|STORE|\b[NM]\b|\(407\)|\b(?:public|private)\b/))
      .map((words) => words.trim())
      .filter((words) => words.length > 3 && !program.includes(words));
    expect(unknown).toEqual([]);
  });

  it('explains every outcome of a source, and every kind of finding', () => {
    for (const [file, type] of [
      ['lib/core/sources/source.ts', 'SourceOutcome'],
      ['lib/core/verify/finding.ts', 'FindingKind'],
    ] as const) {
      const declared = new RegExp(`export type ${type} =([^;]+);`).exec(readFileSync(join(root, file), 'utf8'))?.[1];
      const words = [...(declared ?? '').matchAll(/'([a-z-]+)'/g)]
        .map(([, word]) => word)
        .filter((word) => word !== 'ok');
      expect(words.length).toBeGreaterThan(5);
      expect(words.filter((word) => !new RegExp(`^\\|[^|]*\`${word}\``, 'm').test(page))).toEqual([]);
    }
  });
});
