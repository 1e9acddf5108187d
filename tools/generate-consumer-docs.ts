import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { replaceSection } from './deployment-docs/generated-section.ts';

/** Writes the digest of the Python consumer into docs/consumers.md; with --check only compares. */
const root = join(import.meta.dirname, '..');
const file = join(root, 'docs/consumers.md');
const program = readFileSync(join(root, 'consumers/python/weighbridge_get.py'));
const version = /^__version__ = "(.+)"$/m.exec(program.toString())?.[1];
const digest = createHash('sha256').update(program).digest('hex');

const old = readFileSync(file, 'utf8');
const text = `Version ${version}:\n\n\`\`\`text\n${digest}  weighbridge_get.py\n\`\`\``;
const page = replaceSection(old, 'digest of weighbridge_get.py', text);

if (!process.argv.includes('--check')) writeFileSync(file, page);
else if (page !== old) {
  console.error('docs/consumers.md has another digest than the program: run "npm run generate" and commit the result.');
  process.exitCode = 1;
}
