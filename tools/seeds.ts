import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { runSeedCheck } from './seeds/run-seed-check.ts';
import { seedChecks } from './seeds/seed-checks.ts';

/**
 * `npm run seeds -- DIR`: imports real files of other systems that lie in DIR, prints what was counted and compares it
 * with the known numbers. Exit 1 for any that differ, 2 where DIR has none of the files.
 */
const [directory] = process.argv.slice(2);
if (directory === undefined) {
  console.error('usage: npm run seeds -- DIR');
  process.exit(2);
}
const folder = resolve(directory);
let tried = 0;
let failed = 0;
for (const check of seedChecks) {
  if (!existsSync(join(folder, check.input))) {
    console.log(`absent  ${check.title}: no ${check.input}`);
    continue;
  }
  tried += 1;
  try {
    const { counted, differences } = await runSeedCheck(check, folder);
    const figures = Object.entries(counted).map(([name, count]) => `${name} ${count}`);
    console.log(`${differences.length === 0 ? 'same  ' : 'DIFFERS'}  ${check.title}: ${figures.join(', ')}`);
    for (const difference of differences) console.log(`        ${difference}`);
    if (differences.length > 0) failed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED  ${check.title}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${tried} of ${seedChecks.length} files tried, ${failed} not as known`);
process.exitCode = failed > 0 ? 1 : tried === 0 ? 2 : 0;
