import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { alignedRows } from '../lib/cli/aligned-rows.ts';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import { type FaultProxy, startFaultProxy } from '../test/servers/fault-proxy.ts';
import type { Bench } from './bench.ts';
import { machine, median, verdict } from './figures.ts';
import { benchEnvironment } from './measure.ts';
import { findPeers } from './peers.ts';
import { stageToS3 } from './s3-contenders.ts';
import { withS3Job } from './s3-job.ts';
import { bucket, mustHold } from './s3-place.ts';
import { emptyFolder } from './workspace.ts';

interface Killed {
  readonly name: string;
  readonly key: string;
  readonly command: (output: string) => readonly string[];
  /** Bytes that the store was sent beyond the size of the file, both runs together. */
  readonly again: number[];
}

/** What a `kill -9` at half of an upload costs: bytes that are sent again, counted by a proxy before the server. */
export const s3Kill: Bench = {
  summary:
    'one file of --size (1GiB) to S3, killed at half and started again: bytes sent again by stage, rclone, s5cmd, aws',
  async run({ size = 2 ** 30, rounds = 3 }, print) {
    const versions = findPeers(['nginx', 'minio', 'rclone', 's5cmd', 'aws']).join(', ');
    print(`s3-kill: ${formatBytes(size)}, killed with ${formatBytes(size / 2)} sent, ${rounds} rounds; ${versions}`);
    await withS3Job(size, async ({ place, manifest, origin, file }, folder, files) => {
      const path = join(files, file.name);
      const key = file.name;
      const contenders: readonly Killed[] = [
        {
          name: 'weighbridge stage',
          key: `bench/1.0.0/${key}`,
          command: (output) => stageToS3(manifest, origin, output),
          again: [],
        },
        { name: 'rclone copyto', key, command: () => ['rclone', 'copyto', path, `minio:${bucket}/${key}`], again: [] },
        { name: 's5cmd cp', key, command: () => ['s5cmd', 'cp', path, `s3://${bucket}/${key}`], again: [] },
        {
          name: 'aws s3 cp',
          key,
          command: () => ['aws', 's3', 'cp', '--only-show-errors', path, `s3://${bucket}/${key}`],
          again: [],
        },
      ];
      for (let round = 0; round < rounds; round += 1) {
        for (const { key, command, again } of contenders) {
          await place.renew();
          const output = await emptyFolder(join(folder, 'output'));
          const proxy = await startFaultProxy(place.endpoint);
          try {
            const variables = place.variables(proxy.url);
            await runUntil(command(output), output, variables, () => sentBytes(proxy) >= size / 2);
            await runUntil(command(output), output, variables);
            await mustHold(place, key, size);
            again.push(sentBytes(proxy) - size);
          } finally {
            await proxy.stop();
          }
        }
      }
      const rows = contenders.map(({ name, again }) => [
        name,
        formatBytes(median(again)),
        again.map((bytes) => formatBytes(bytes)).join(' '),
      ]);
      for (const line of alignedRows([['', 'sent again', 'all rounds'], ...rows])) print(line);
      const ours = median(contenders[0]?.again ?? []);
      print(verdict('bytes sent again', ours, 'at most', 128 * 2 ** 20, 'bytes'));
      print(machine());
    });
  },
};

/** Bodies of the requests that carry the file; records and registries are small. */
function sentBytes({ requests }: FaultProxy): number {
  const carriers = requests.filter(({ method, target }) => method === 'PUT' && /weights\.bin/.test(target));
  return carriers.reduce((sum, { bytes }) => sum + bytes, 0);
}

const never = () => false;

/** Runs a program to its end, or kills it, with all that it started, when `enough` says so. @throws Error when it fails. */
async function runUntil(
  [program = '', ...rest]: readonly string[],
  folder: string,
  variables: Readonly<Record<string, string>>,
  enough: () => boolean = never,
): Promise<void> {
  const child = spawn(program, rest, {
    cwd: folder,
    env: benchEnvironment(folder, variables),
    stdio: ['ignore', 'ignore', 'pipe'],
    detached: true,
  });
  let complaint = '';
  child.stderr.on('data', (text) => {
    complaint = (complaint + text).slice(-2000);
  });
  const closed = once(child, 'close');
  let killed = false;
  while (child.exitCode === null && child.signalCode === null) {
    if (!killed && enough()) {
      killed = true;
      process.kill(-(child.pid ?? Number.NaN), 'SIGKILL');
    }
    await Promise.race([delay(2), closed]);
  }
  await closed;
  if (enough !== never && !killed) throw new Error(`${program} ended before half was sent: give a larger --size`);
  if (!killed && child.exitCode !== 0) throw new Error(`${program} ended with ${child.exitCode}: ${complaint}`);
}
