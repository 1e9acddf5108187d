import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import type { Series } from './figures.ts';
import { type Measured, measure } from './measure.ts';
import { emptyFolder, warm } from './workspace.ts';

/** One way to do the job. */
export interface Contender {
  readonly name: string;
  /** Makes what the run needs, such as an empty bucket; not measured. */
  prepare?(): Promise<void>;
  /** Environment that the program needs, as it is after `prepare`. */
  variables?(): Readonly<Record<string, string>>;
  /** Program and arguments, to be run in the empty folder `output`. */
  command(output: string): readonly string[];
  /** Looks at what the run left, and throws when that is not what was to be done. */
  check(output: string, run: Measured): Promise<void>;
}

/**
 * Runs every contender once a round, so that what else the machine does meets all of them. Before each run the
 * upstream's files are in the page cache, the output is empty and nothing waits to be written to the disk.
 */
export async function race(
  contenders: readonly Contender[],
  rounds: number,
  folder: string,
  files: string,
): Promise<readonly Series[]> {
  const series = contenders.map(({ name }) => ({ name, runs: [] as Measured[] }));
  for (let round = 0; round < rounds; round += 1) {
    for (const [index, contender] of contenders.entries()) {
      const output = await emptyFolder(join(folder, 'output'));
      await contender.prepare?.();
      await warm(files);
      execFileSync('sync');
      const run = await measure(contender.command(output), output, contender.variables?.());
      await contender.check(output, run);
      series[index]?.runs.push(run);
    }
  }
  await emptyFolder(join(folder, 'output'));
  return series;
}
