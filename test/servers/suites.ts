import { accessSync, constants, readFileSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { isInstalled, type ServerProgram, serverPrograms } from './server-programs.ts';
import type { RanTest, Suite } from './suite-rows.ts';

const root = join(import.meta.dirname, '../..');

/** Programs that tests ask for with `hasProgram`, and the Debian package of each. */
const stockPrograms: Readonly<Record<string, string>> = {
  curl: 'curl',
  wget: 'wget',
  aria2c: 'aria2',
  sha256sum: 'coreutils',
  python3: 'python3',
  script: 'bsdutils',
};

function titled(title: string, pattern: RegExp): Suite {
  return { title, holds: (test) => pattern.test(test.title), missing: () => undefined };
}

const strictFake = /\bstrict fake\b/i;

/**
 * What a test runs against is named in the titles around it; where no title names any server, the file tells which one
 * it asks for.
 */
function served(title: string, inTitle: RegExp, inFile: RegExp, missing: Suite['missing']): Suite {
  return {
    title,
    missing,
    holds: (test) => (namesServer(test.title) ? inTitle.test(test.title) : inFile.test(textOf(test.file))),
  };
}

function namesServer(title: string): boolean {
  return strictFake.test(title) || serverPrograms.some((program) => titleOf(program).test(title));
}

function titleOf(program: ServerProgram): RegExp {
  return new RegExp(`\\b${program.title}\\b`, 'i');
}

export const suites: readonly Suite[] = [
  titled('directory', /^a directory\b/),
  titled('memory', /^(a )?(memory|bucket in memory)\b/),
  ...serverPrograms.map((program) => {
    const missing = () => (isInstalled(program) ? undefined : 'not installed: npm run servers');
    const asked =
      program.name === 'ministack' ? /\blacksAwsEmulator\(\)/ : new RegExp(`\\b(s3|gcs)Server\\('${program.name}'\\)`);
    const suite = served(program.title, titleOf(program), asked, missing);
    // A title elsewhere may name a server that the test does not talk to.
    return { ...suite, holds: (test: RanTest) => test.file.endsWith('.server.test.ts') && suite.holds(test) };
  }),
  served('strict fake of GCS', strictFake, /\bfrom '.*\/strict-gcs\//, () => undefined),
  {
    title: 'Python consumer',
    holds: (test) => test.file.startsWith('test/consumers/python-'),
    missing: () => (isOnPath('python3') ? undefined : 'without python3: apt-get install python3'),
  },
  { title: 'stock programs', holds: (test) => textOf(test.file).includes('hasProgram('), missing: missingPrograms },
  { title: 'all tests', holds: () => true, missing: () => undefined },
];

const texts = new Map<string, string>();

function textOf(file: string): string {
  const text = texts.get(file) ?? readFileSync(join(root, file), 'utf8');
  texts.set(file, text);
  return text;
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
