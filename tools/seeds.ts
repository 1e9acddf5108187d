import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { seedSamples } from './seeds/expected-figures.ts';
import { runSeed } from './seeds/run-seed.ts';

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
for (const sample of seedSamples) {
  const title = `${sample.kind} ${sample.input}`;
  if (!existsSync(join(folder, sample.input))) {
    console.log(`absent   ${title}`);
    continue;
  }
  tried += 1;
  try {
    const { counted, differences } = await runSeed(sample, folder);
    const figures = Object.entries(counted).map(([name, count]) => `${name} ${count}`);
    console.log(`${differences.length === 0 ? 'same   ' : 'DIFFERS'}  ${title}: ${figures.join(', ')}`);
    for (const difference of differences) console.log(`         ${difference}`);
    if (differences.length > 0) failed += 1;
  } catch (error) {
    failed += 1;
    console.log(`FAILED   ${title}: ${error instanceof Error ? error.message : error}`);
  }
}
console.log(`${tried} of ${seedSamples.length} files tried, ${failed} not as known`);
process.exitCode = failed > 0 ? 1 : tried === 0 ? 2 : 0;
