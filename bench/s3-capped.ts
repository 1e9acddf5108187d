import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { machine, medianRatio, table, verdict } from './figures.ts';
import { writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { ariaPeer, s3Peers, stageContender } from './s3-contenders.ts';
import { withS3Job } from './s3-job.ts';
import { fastest } from './s3-large.ts';
import { openSlowLine } from './slow-line.ts';

const bytesPerSecond = 20_000_000;

/**
 * One large file into S3 from an upstream that gives every connection 20 MB/s. What the target compares with are the
 * pipelines over one connection; aria2c, which also opens eight and needs the disk, is shown beside them.
 */
export const s3Capped: Bench = {
  summary: 'one file of --size (1GiB) at 20 MB/s per connection to S3: stage, and the pipelines of s3-large',
  async run({ size = 2 ** 30, rounds = 3 }, print) {
    const versions = findPeers(['nginx', 'minio', 'curl', 'openssl', 'aria2c', 'rclone', 's5cmd', 'aws', 'time']);
    print(`s3-capped: ${formatBytes(size)}, ${rounds} rounds; ${versions.join(', ')}`);
    await withS3Job(size, async (plain, folder, files) => {
      const line = await openSlowLine(plain.origin, bytesPerSecond);
      try {
        const manifest = await writeManifest(folder, line.origin, [plain.file]);
        const job = { ...plain, origin: line.origin, manifest };
        const contenders = [stageContender(job, 'resumable'), ...s3Peers(job)];
        const series = await race(contenders, rounds, folder, files);
        for (const row of table(series)) print(row);
        const eight = ariaPeer(job).name;
        const [ours, ...peers] = series;
        const aria = peers.find(({ name }) => name === eight);
        if (ours === undefined || aria === undefined) throw new RangeError('series are missing');
        const best = fastest(peers.filter((one) => one !== aria));
        const what = `times faster than the fastest peer over one connection (${best.name})`;
        print(verdict(what, medianRatio(best, ours), 'at least', 6));
        print(`${medianRatio(aria, ours).toFixed(2)} times faster than aria2c over eight connections, then s5cmd`);
        print(machine());
      } finally {
        line.close();
      }
    });
  },
};
