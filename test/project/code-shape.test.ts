import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type SourceFile, sourceFiles } from './source-files.ts';

const code = sourceFiles(['lib', 'lambda', 'bin', 'tools', 'bench', 'examples'], ['.ts', '.js', '.cjs', '.mjs']);
const tests = sourceFiles(['test'], ['.ts']);

function lines(file: SourceFile): number {
  return file.text.split('\n').length - 1;
}

function longer(files: readonly SourceFile[], limit: number): string[] {
  return files.filter((file) => lines(file) > limit).map((file) => `${file.path}: ${lines(file)} lines`);
}

/** `file:line: text` of every line that matches. */
function places(files: readonly SourceFile[], pattern: RegExp): string[] {
  return files.flatMap(({ path, text }) =>
    text.split('\n').flatMap((line, index) => (pattern.test(line) ? [`${path}:${index + 1}: ${line.trim()}`] : [])),
  );
}

describe('the code', () => {
  it('has no file over 300 lines, and no test over 500', () => {
    expect(longer(code, 300)).toEqual([]);
    expect(longer(tests, 500)).toEqual([]);
  });

  it('has kebab-case file names, and none called utils', () => {
    const odd = [...code, ...tests]
      .map(({ path }) => path)
      .filter(
        (path) => !/^[a-z0-9]+(-[a-z0-9]+)*(\.[a-z0-9]+)*$/.test(basename(path)) || /util|helper/.test(basename(path)),
      );
    expect(odd).toEqual([]);
  });

  it('exports by name only, and never everything of another file', () => {
    const exports = places(code, /^export (default|\*)/);
    expect(exports).toEqual([]);
  });

  it('reads the environment and writes to the console in the shell only', () => {
    const core = code.filter(({ path }) => /^lib\/(core|contract)\//.test(path));
    expect(core.length).toBeGreaterThan(20);
    expect(places(core, /\bprocess\.(env|stdout|stderr|stdin|exit|argv)\b|\bconsole\./)).toEqual([]);
    const cli = code.filter(({ path }) => path.startsWith('lib/cli/') && path !== 'lib/cli/main.ts');
    expect(places(cli, /\bprocess\.(env|stdout|stderr|exit|argv)\b|\bconsole\./)).toEqual([]);
  });

  it('holds no notes to self', () => {
    // Put together, so that this line is not one.
    const words = new RegExp(`\\b(${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX', 'HA' + 'CK'].join('|')})\\b`);
    expect(places([...code, ...tests], words)).toEqual([]);
  });
});
