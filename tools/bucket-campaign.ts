import { type BucketCrashRound, bucketCrashRound } from '../test/attack/support/bucket-crash-round.ts';
import type { BucketMirror } from '../test/attack/support/bucket-mirror.ts';
import { gcsMirror } from '../test/attack/support/gcs-mirror.ts';
import { s3Mirror } from '../test/attack/support/s3-mirror.ts';
import { seededRandom } from '../test/attack/support/seeded-random.ts';
import { Workspace } from '../test/attack/support/workspace.ts';
import { startVersitygw } from '../test/servers/start-versitygw.ts';

export interface BucketCampaign {
  readonly to: 's3' | 'gcs';
  readonly runs: number;
  readonly seed: number;
  /** MiB of the one large file. */
  readonly size: number;
}

const mebibyte = 1 << 20;

/** Rounds into a bucket, with the state in another; each second one is finished as on another machine. @returns how many ended wrong */
export async function bucketCampaign({ to, runs, seed, size }: BucketCampaign): Promise<number> {
  const random = seededRandom(seed);
  const workspace = await Workspace.open();
  const server = to === 's3' ? await startVersitygw() : undefined;
  try {
    const release = await workspace.addRelease('campaign', '1.0.0', [
      { file: 'weights.bin', size: size * mebibyte + 1 },
      ...Array.from({ length: 10 }, (_, index) => ({ file: `small/${index}.json`, size: 500 + 9000 * index })),
    ]);
    console.log(`seed ${seed}: ${runs} rounds with ${mib(release.bytes)} into ${to}`);
    console.log('round  killed at   finished by  fetched again  sent again   at most');
    let wrong = 0;
    for (let number = 1; number <= runs; number += 1) {
      const mirror: BucketMirror = server === undefined ? await gcsMirror() : await s3Mirror(server);
      const elsewhere = number % 2 === 0;
      const moment = { at: 'bytes', bytes: Math.floor(random() * release.bytes) } as const;
      const round = await bucketCrashRound(workspace, mirror, release, { moment, elsewhere });
      await mirror.close();
      const problems = to === 's3' ? round.problems : round.problems.filter(isNoOpenSession);
      if (problems.length > 0) wrong += 1;
      show(number, round, elsewhere, problems);
    }
    console.log(wrong === 0 ? `all ${runs} rounds ended right` : `${wrong} of ${runs} rounds ended WRONG`);
    return wrong;
  } finally {
    await workspace.close();
    await server?.stop();
  }
}

/** A session that no checkpoint names can be ended by nobody; Cloud Storage bills nothing for it and forgets it in a week. */
function isNoOpenSession(problem: string): boolean {
  return !problem.endsWith('is left unfinished');
}

function show(number: number, round: BucketCrashRound, elsewhere: boolean, problems: readonly string[]): void {
  const cells = [
    mib(round.before).padEnd(10),
    (elsewhere ? 'another' : 'the same').padEnd(11),
    mib(round.fetchedAgain).padEnd(13),
    mib(round.sentAgain).padEnd(11),
    mib(round.window).padEnd(10),
    `${round.killed ? 'killed' : 'too late'}, ${problems.length === 0 ? 'right' : 'WRONG'}`,
  ];
  console.log([String(number).padStart(5), ...cells].join('  '));
  for (const problem of problems) console.log(`       ${problem.trim()}`);
}

function mib(bytes: number): string {
  return `${(Math.max(0, bytes) / mebibyte).toFixed(1)} MiB`;
}
