import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { leakedSecrets } from './leaked-secrets.ts';

/**
 * Looks for secrets in what the tests printed and reported.
 * usage: node tools/find-leaks.ts FILE|FOLDER...
 */
const files = process.argv.slice(2).flatMap((place) => (statSync(place).isDirectory() ? filesBelow(place) : [place]));
const found = files.flatMap((file) =>
  leakedSecrets(readFileSync(file, 'utf8')).map(({ kind, line }) => `${file}:${line}: ${kind}`),
);
for (const line of found) console.error(line);
// Nothing to look at is no good news.
const looked = files.filter((file) => statSync(file).size > 0).length;
console.log(`${found.length} secrets in ${looked} files`);
if (found.length > 0 || looked === 0) process.exitCode = 1;

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}
