import { parseArgs } from 'node:util';
import { type CrashRound, countCalls, crashRound, type KillMoment } from '../test/attack/support/crash-round.ts';
import { seededRandom } from '../test/attack/support/seeded-random.ts';
import { type TrueRelease, Workspace } from '../test/attack/support/workspace.ts';
import { bucketCampaign } from './bucket-campaign.ts';

const usage = `usage: npm run campaign -- [--runs N] [--seed N] [--size MIB] [--calls | --to s3 | --to gcs]
Stages a release with the real program from a local upstream, kills it at a random moment, stages it again, and looks
at everything: every byte, what verify says, what is left of working files, and how much was fetched twice.
  --runs N     rounds (default 20)
  --seed N     the same moments again (default: another one every time)
  --size MIB   of the largest of the three large files (default 160)
  --to s3|gcs  into a bucket of versitygw or of the strict fake of GCS, with the state in another; every second round
               is finished by what takes itself to be another machine, and how much was sent twice is told as well
  --calls      one round before and one after every call that changes the file system, instead of random moments`;

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '20' },
    seed: { type: 'string', default: String(Date.now() % 1_000_000) },
    size: { type: 'string', default: '160' },
    calls: { type: 'boolean', default: false },
    to: { type: 'string' },
    help: { type: 'boolean', default: false },
  },
});

const mebibyte = 1 << 20;
const records = ['SHA256SUMS', 'RELEASE.md', 'objects.json', 'release.json', 'weights-0.bin', 'small/7.json'];

/** Three large files and many small ones. */
function files(largest: number, many: number) {
  const large = [1, 0.7, 0.4].map((share, index) => ({
    file: `weights-${index}.bin`,
    size: Math.ceil(share * largest * mebibyte) + index,
  }));
  const small = Array.from({ length: many }, (_, index) => ({ file: `small/${index}.json`, size: 500 + 9000 * index }));
  return [...large, ...small];
}

function randomMoment(release: TrueRelease, calls: number, random: () => number): KillMoment {
  const kind = random();
  if (kind < 0.5) return { at: 'bytes', bytes: Math.floor(random() * release.bytes * 1.02) };
  if (kind < 0.6) return { at: 'time', milliseconds: Math.floor(random() * 1500) };
  if (kind < 0.8) {
    const record = records[Math.floor(random() * records.length)] ?? 'SHA256SUMS';
    return { at: 'file', file: `campaign/1.0.0/${record}`, after: Math.floor(random() * 8) };
  }
  return { at: 'call', number: 1 + Math.floor(random() * calls), when: random() < 0.5 ? 'before' : 'after' };
}

function words(moment: KillMoment): string {
  switch (moment.at) {
    case 'bytes':
      return `${mib(moment.bytes)} served`;
    case 'file':
      return `${moment.file.split('/').slice(2).join('/')} +${moment.after} ms`;
    case 'time':
      return `${moment.milliseconds} ms`;
    case 'call':
      return `${moment.when} call ${moment.number}`;
  }
}

function mib(bytes: number): string {
  return `${(bytes / mebibyte).toFixed(1)} MiB`;
}

function row(number: number | string, cells: readonly string[]): string {
  return [String(number).padStart(5), ...cells.map((cell, index) => cell.padEnd(index === 0 ? 26 : 12))].join('  ');
}

function show(number: number, round: CrashRound): void {
  const verdict = round.problems.length === 0 ? 'right' : 'WRONG';
  const figures = [mib(round.before), mib(Math.max(0, round.again)), mib(round.window)];
  console.log(row(number, [words(round.moment), round.killed ? 'killed' : 'too late', ...figures, verdict]));
  for (const problem of round.problems) console.log(`       ${problem.trim()}`);
}

async function campaign(): Promise<number> {
  const random = seededRandom(Number(values.seed));
  const workspace = await Workspace.open();
  try {
    const wanted = values.calls ? files(20, 2) : files(Number(values.size), 40);
    const release = await workspace.addRelease('campaign', '1.0.0', wanted);
    const calls = await countCalls(workspace, release);
    const runs = values.calls ? 2 * calls : Number(values.runs);
    console.log(`seed ${values.seed}: ${runs} rounds with ${mib(release.bytes)} in ${release.files.length} files`);
    console.log(row('round', ['killed at', '', 'served then', 'again', 'at most', '']));
    let wrong = 0;
    for (let number = 1; number <= runs; number += 1) {
      const when = number % 2 === 1 ? ('before' as const) : ('after' as const);
      const moment: KillMoment = values.calls
        ? { at: 'call', number: Math.ceil(number / 2), when }
        : randomMoment(release, calls, random);
      const round = await crashRound(workspace, release, moment, random() < 0.5 ? 1 : 8);
      show(number, round);
      if (round.problems.length > 0) wrong += 1;
    }
    console.log(wrong === 0 ? `all ${runs} rounds ended right` : `${wrong} of ${runs} rounds ended WRONG`);
    return wrong === 0 ? 0 : 1;
  } finally {
    await workspace.close();
  }
}

if (values.help) console.log(usage);
else if (values.to === 's3' || values.to === 'gcs') {
  const wrong = await bucketCampaign({
    to: values.to,
    runs: Number(values.runs),
    seed: Number(values.seed),
    size: Number(values.size),
  });
  process.exitCode = wrong === 0 ? 0 : 1;
} else if (values.to !== undefined) throw new Error(`--to takes s3 or gcs\n${usage}`);
else process.exitCode = await campaign();
