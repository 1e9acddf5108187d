/**
 * The figures that docs/benchmarks.md records, measured again on this machine: `npm run bench -- large --size 4GiB`.
 *
 * Peers run beside Weighbridge in the same round, and the ratio of the round counts; the medians of all rounds are
 * printed. A target that is missed is said, not an error: whether it matters is for people to judge.
 * On Debian the peers come with: apt-get install nginx-light curl openssl aria2 time
 * The S3 benches want MinIO (`npm run servers`) and rclone, s5cmd and the AWS CLI (`npm run bench -- install`).
 * (`systemctl disable --now nginx` afterwards: the benches start one of their own, on a free port and without rights).
 * Everything is written below the system's folder for temporary files and removed at the end.
 */
import { parseArgs } from 'node:util';
import { parseBytes, parseCount } from '../lib/cli/option-values.ts';
import { accessServe } from './access-serve.ts';
import { accessSign } from './access-sign.ts';
import type { Bench } from './bench.ts';
import { capped } from './capped.ts';
import { help } from './help.ts';
import { install } from './install.ts';
import { lambdaBundles } from './lambda-bundles.ts';
import { large } from './large.ts';
import { many } from './many.ts';
import { PeersMissing } from './peers.ts';
import { s3Capped } from './s3-capped.ts';
import { s3Eight } from './s3-eight.ts';
import { s3Kill } from './s3-kill.ts';
import { s3Large } from './s3-large.ts';
import { s3Many } from './s3-many.ts';
import { s3Registry } from './s3-registry.ts';

const benches: Readonly<Record<string, Bench>> = {
  large,
  capped,
  many,
  help,
  's3-large': s3Large,
  's3-capped': s3Capped,
  's3-eight': s3Eight,
  's3-many': s3Many,
  's3-registry': s3Registry,
  's3-kill': s3Kill,
  'lambda-bundles': lambdaBundles,
  'access-serve': accessServe,
  'access-sign': accessSign,
  install,
};

const usage = [
  'usage: npm run bench -- NAME... [--size BYTES] [--count N] [--rounds N]',
  ...Object.entries(benches).map(([name, { summary }]) => `  ${name.padEnd(16)}${summary}`),
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
