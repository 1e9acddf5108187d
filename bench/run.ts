/**
 * The figures that docs/benchmarks.md records, measured again on this machine: `npm run bench -- large --size 4GiB`.
 *
 * Peers run beside Weighbridge in the same round, and the ratio of the round counts; the medians of all rounds are
 * printed. A target that is missed is said, not an error: whether it matters is for people to judge.
 * On Debian the peers come with: apt-get install nginx-light curl openssl aria2 time
 * (`systemctl disable --now nginx` afterwards: the benches start one of their own, on a free port and without rights).
 * Everything is written below the system's folder for temporary files and removed at the end.
 */
import { parseArgs } from 'node:util';
import { parseBytes, parseCount } from '../lib/cli/option-values.ts';
import type { Bench } from './bench.ts';
import { capped } from './capped.ts';
import { help } from './help.ts';
import { large } from './large.ts';
import { many } from './many.ts';
import { PeersMissing } from './peers.ts';

const benches: Readonly<Record<string, Bench>> = { large, capped, many, help };

const usage = [
  'usage: npm run bench -- NAME... [--size BYTES] [--count N] [--rounds N]',
  ...Object.entries(benches).map(([name, { summary }]) => `  ${name.padEnd(8)}${summary}`),
].join('\n');

try {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: { size: { type: 'string' }, count: { type: 'string' }, rounds: { type: 'string' } },
  });
  const chosen = positionals.map((name) => benches[name]);
  if (chosen.length === 0 || chosen.includes(undefined)) throw new Error(usage);
  const options = {
    size: values.size === undefined ? undefined : parseBytes(values.size),
    count: values.count === undefined ? undefined : parseCount(values.count),
    rounds: values.rounds === undefined ? undefined : parseCount(values.rounds),
  };
  for (const bench of chosen) await bench?.run(options, (line) => console.log(line));
} catch (error) {
  console.error(error instanceof PeersMissing || error instanceof Error ? error.message : error);
  process.exitCode = 2;
}
