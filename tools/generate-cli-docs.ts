import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { declarations } from '../lib/cli/declarations.ts';
import { createProgram } from '../lib/cli/program.ts';

/** Writes docs/cli.md from the command line's own help; with --check only compares. */
const file = join(import.meta.dirname, '..', 'docs', 'cli.md');

/** The help that `arguments_` print, as a terminal of 100 columns shows it. */
function helpOf(...argv: string[]): string {
  let text = '';
  const output = {
    columns: 100,
    writeOut(part: string) {
      text += part;
    },
    writeError() {},
  };
  try {
    createProgram(declarations, '0.0.0', output, () => {}).parse([...argv, '--help'], { from: 'user' });
  } catch (error) {
    if ((error as { code?: string }).code !== 'commander.helpDisplayed') throw error;
  }
  return text
    .trim()
    .split('\n')
    .map((line) => line.trimEnd())
    .join('\n');
}

function section(title: string, help: string): string {
  return `## ${title}\n\n\`\`\`text\n${help}\n\`\`\`\n`;
}

const commands = createProgram(declarations, '0.0.0', { columns: 100, writeOut() {} }, () => {}).commands;
const text = [
  '# Command line\n',
  'Made from `--help` by `npm run generate`. In a checkout `npx weighbridge …` runs it.\n',
  section('weighbridge', helpOf()),
  ...commands.map((command) => section(`weighbridge ${command.name()}`, helpOf(command.name()))),
].join('\n');

if (!process.argv.includes('--check')) {
  writeFileSync(file, text);
} else if (!existsSync(file) || readFileSync(file, 'utf8') !== text) {
  console.error('docs/cli.md is not what --help says: run "npm run generate" and commit the result.');
  process.exitCode = 1;
}
