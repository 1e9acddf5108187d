import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import { startFaultProxy } from '../test/servers/fault-proxy.ts';
import type { Bench } from './bench.ts';
import { machine, medianRatio, type Series, table, verdict } from './figures.ts';
import { writeFiles } from './many.ts';
import { type Measured, measure } from './measure.ts';
import { type ServedFile, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { type Contender, race } from './race.ts';
import { stageToS3 } from './s3-contenders.ts';
import { bucket, type S3Place, s3Place } from './s3-place.ts';
import { requestText, storeRequests } from './store-requests.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace } from './workspace.ts';

/** Many small files over loopback HTTP into S3, each proven; then the same again, which has nothing to do. */
export const s3Many: Bench = {
  summary: '--count (10000) files of --size (64KiB) to S3: stage, stage again, rclone copy and checksum, s5cmd sync',
  async run({ size = 65_536, count = 10_000, rounds = 3 }, print) {
    const versions = findPeers(['nginx', 'minio', 'rclone', 's5cmd', 'time']).join(', ');
    print(`s3-many: ${count} × ${formatBytes(size)}, ${rounds} rounds; ${versions}`);
    await inWorkspace(3.2 * size * count + 2 ** 29, async (folder) => {
      const served = join(folder, 'files');
      const files = await writeFiles(served, count, size);
      const upstream = await startNginx(folder, served);
      const place = s3Place();
      try {
        const manifest = await writeManifest(folder, upstream.origin, files);
        const again: Again = { ours: [], theirs: [], requests: '', seen: 0 };
        const contenders = [
          stage(place, manifest, upstream.origin, count, again),
          await rcloneCopy(place, upstream.origin, files, folder),
          s5cmdSync(place, served, count, again),
        ];
        const [first, rclone, sync] = await race(contenders, rounds, folder, served);
        if (first === undefined || rclone === undefined || sync === undefined)
          throw new RangeError('series are missing');
        report({ first, rclone, sync, again }, print);
      } finally {
        await place.close();
        await upstream.close();
      }
    });
  },
};

/** What the runs that found nothing to do took. */
interface Again {
  readonly ours: Measured[];
  readonly theirs: Measured[];
  /** As the report says, by kind. */
  requests: string;
  /** As a proxy before the server counted them. */
  seen: number;
}

function stage(place: S3Place, manifest: string, origin: string, count: number, again: Again): Contender {
  const command = (output: string) => stageToS3(manifest, origin, output);
  return {
    name: 'weighbridge stage',
    prepare: () => place.renew(),
    variables: () => place.variables(),
    command,
    async check(output) {
      // The records of the release lie beside its files.
      await mustCount(place, 'bench/1.0.0/', count + 4);
      again.ours.push(await measure(command(output), output, place.variables()));
      const proxy = await startFaultProxy(place.endpoint);
      try {
        const { stdout } = await measure(command(output), output, place.variables(proxy.url));
        again.requests = requestText(storeRequests(stdout));
        again.seen = Math.max(again.seen, proxy.requests.length);
      } finally {
        await proxy.stop();
      }
    },
  };
}

/** It hashes in a second pass, which reads everything back. */
async function rcloneCopy(
  place: S3Place,
  origin: string,
  files: readonly ServedFile[],
  folder: string,
): Promise<Contender> {
  const names = join(folder, 'names.txt');
  const sums = join(folder, 'sums.txt');
  await writeFile(names, files.map(({ name }) => `${name}\n`).join(''));
  await writeFile(sums, files.map(({ name, sha256 }) => `${sha256}  ${name}\n`).join(''));
  const to = `minio:${bucket}/many`;
  const script = [
    `rclone copy --transfers 32 --checkers 32 --files-from-raw '${names}' --http-url '${origin}' :http: ${to}`,
    `rclone checksum sha256 --download --checkers 32 '${sums}' ${to}`,
  ];
  return {
    name: 'rclone copy; checksum --download',
    prepare: () => place.renew(),
    variables: () => place.variables(),
    command: () => ['sh', '-ec', script.join('\n')],
    check: () => mustCount(place, 'many/', files.length),
  };
}

/** From the disk; what counts is the second one, which compares sizes and times and finds nothing. */
function s5cmdSync(place: S3Place, served: string, count: number, again: Again): Contender {
  const command = () => ['s5cmd', '--log', 'error', 'sync', `${served}/`, `s3://${bucket}/many/`];
  return {
    name: 's5cmd sync, from the disk, no digest',
    prepare: () => place.renew(),
    variables: () => place.variables(),
    command,
    async check(output) {
      await mustCount(place, 'many/', count);
      again.theirs.push(await measure(command(), output, place.variables()));
    },
  };
}

async function mustCount(place: S3Place, prefix: string, count: number): Promise<void> {
  const actual = await place.count(prefix);
  if (actual !== count) throw new Error(`${prefix} holds ${actual} objects instead of ${count}`);
}

interface Results {
  readonly first: Series;
  readonly rclone: Series;
  readonly sync: Series;
  readonly again: Again;
}

function report({ first, rclone, sync, again }: Results, print: (line: string) => void): void {
  const ours = { name: 'weighbridge stage, again', runs: again.ours };
  const theirs = { name: 's5cmd sync, again', runs: again.theirs };
  for (const line of table([first, rclone, ours, sync, theirs])) print(line);
  print(verdict('wall time to that of rclone with its hash pass', medianRatio(first, rclone), 'at most', 1));
  print(verdict('time of finding nothing to do to that of s5cmd sync', medianRatio(ours, theirs), 'at most', 2));
  print(verdict('requests to the store when nothing is to be done', again.seen, 'at most', 16));
  print(`as the report counts them: ${again.requests}`);
  print(machine());
}
