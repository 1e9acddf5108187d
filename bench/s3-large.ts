import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { machine, median, medianRatio, type Series, table, verdict } from './figures.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { floorContender, s3Peers, stageContender } from './s3-contenders.ts';
import { withS3Job } from './s3-job.ts';

/**
 * One large file over loopback HTTP into an S3 bucket (MinIO), its SHA-256 compared with the expected one. Weighbridge
 * also proves before anything is visible, keeps checkpoints and publishes a release; its peers write and hash.
 */
export const s3Large: Bench = {
  summary:
    'one file of --size (4GiB) to S3: stage, rclone, curl and aws, curl and s5cmd, curl and rclone, aria2c and s5cmd',
  async run({ size = 4 * 2 ** 30, rounds = 3 }, print) {
    const versions = findPeers(['nginx', 'minio', 'curl', 'openssl', 'aria2c', 'rclone', 's5cmd', 'aws', 'time']);
    print(`s3-large: ${formatBytes(size)}, ${rounds} rounds; ${versions.join(', ')}`);
    await withS3Job(size, async (job, folder, files) => {
      const contenders = [
        stageContender(job, 'resumable'),
        stageContender(job, 'native'),
        floorContender(job),
        ...s3Peers(job),
      ];
      report(await race(contenders, rounds, folder, files), print);
    });
  },
};

function report(series: readonly Series[], print: (line: string) => void): void {
  const [resumable, native, floor, ...peers] = series;
  if (resumable === undefined || native === undefined || floor === undefined)
    throw new RangeError('series are missing');
  for (const line of table(series)) print(line);
  const best = fastest(peers);
  print(verdict(`wall time to that of the fastest peer (${best.name})`, medianRatio(resumable, best), 'at most', 1));
  print(verdict('the same with native hashing', medianRatio(native, best), 'at most', 0.9));
  print(
    `${medianRatio(resumable, floor).toFixed(2)} times the floor, ${medianRatio(native, floor).toFixed(2)} with native hashing`,
  );
  print(verdict('peak memory', median(resumable.runs.map(({ peak }) => peak)), 'at most', 256 * 2 ** 20, 'bytes'));
  print(machine());
}

export function fastest(series: readonly Series[]): Series {
  const wall = ({ runs }: Series) => median(runs.map((run) => run.wall));
  return series.reduce((best, one) => (wall(one) < wall(best) ? one : best));
}
