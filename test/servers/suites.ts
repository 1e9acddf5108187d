import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isInstalled, serverPrograms } from './server-programs.ts';
import type { RanTest, Suite } from './suite-rows.ts';

const root = join(import.meta.dirname, '../..');

/** Programs that tests ask for with `hasProgram`, and the Debian package of each. */
const stockPrograms: Readonly<Record<string, string>> = {
  curl: 'curl',
  aria2c: 'aria2',
  sha256sum: 'coreutils',
  python3: 'python3',
  script: 'bsdutils',
};

function titled(title: string, pattern: RegExp): Suite {
  return { title, holds: (test) => pattern.test(test.title), missing: () => undefined };
}

/** Which tests belong where is told by their titles: what a test runs against is named in one of its `describe`s. */
export const suites: readonly Suite[] = [
  titled('directory', /^a directory\b/),
  titled('memory', /^(a )?(memory|bucket in memory)\b/),
  ...serverPrograms.map((program) => ({
    title: program.title,
    holds: ({ file, title }: RanTest) =>
      file.endsWith('.server.test.ts') && title.toLowerCase().includes(program.title.toLowerCase()),
    missing: () => (isInstalled(program) ? undefined : 'not installed: npm run servers'),
  })),
  titled('strict fake of GCS', /\bstrict fake\b/i),
  { title: 'stock programs', holds: (test) => asksForPrograms(test.file), missing: missingPrograms },
  { title: 'all tests', holds: () => true, missing: () => undefined },
];

const asking = new Map<string, boolean>();

function asksForPrograms(file: string): boolean {
  const known = asking.get(file) ?? readFileSync(join(root, file), 'utf8').includes('hasProgram(');
  asking.set(file, known);
  return known;
}

function missingPrograms(): string | undefined {
  const missing = Object.keys(stockPrograms).filter((name) => !isOnPath(name));
  if (missing.length === 0) return undefined;
  return `without ${missing.join(', ')}: apt-get install ${missing.map((name) => stockPrograms[name]).join(' ')}`;
}

function isOnPath(name: string): boolean {
  return (process.env.PATH ?? '').split(delimiter).some((folder) => {
    try {
      accessSync(join(folder, name), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}
