import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

/**
 * How long `weighbridge --help` takes against `node -e 0`: medians of alternating runs, so that both meet the same
 * machine. The figure to keep: at most 1.5 × plus 100 ms.
 *
 * usage: node bench/start-up.ts [RUNS]
 */
const runs = Number(process.argv[2] ?? 21);
const program = join(import.meta.dirname, '..', 'bin', 'weighbridge.js');

/** Milliseconds from start to end of a Node process. */
function timed(argv: readonly string[]): number {
  const begun = performance.now();
  const { status } = spawnSync(process.execPath, argv, { stdio: 'ignore' });
  if (status !== 0) throw new Error(`node ${argv.join(' ')} ended with ${status}`);
  return performance.now() - begun;
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN;
}

const bare: number[] = [];
const help: number[] = [];
// The first of each fills caches: that of the operating system, and that of compiled modules.
for (let run = 0; run <= runs; run += 1) {
  const times = [timed(['-e', '0']), timed([program, '--help'])] as const;
  if (run === 0) continue;
  bare.push(times[0]);
  help.push(times[1]);
}
const [nodeTime, helpTime] = [median(bare), median(help)];
const limit = 1.5 * nodeTime + 100;
console.log(
  `node -e 0: ${nodeTime.toFixed(0)} ms, weighbridge --help: ${helpTime.toFixed(0)} ms, limit ${limit.toFixed(0)} ms`,
);
console.log(`ratio to the limit: ${(helpTime / limit).toFixed(2)}`);
if (helpTime > limit) process.exitCode = 1;
