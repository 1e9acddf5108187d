import { mkdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { machine, median, medianRatio, type Series, table, verdict } from './figures.ts';
import { type ServedFile, stageCommand, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { type Contender, race } from './race.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

/**
 * One large file over loopback HTTP into a folder, its SHA-256 proven. Weighbridge also syncs what it wrote to the
 * disk and publishes a release; its peers only write.
 */
export const large: Bench = {
  summary: 'one file of --size (4GiB): stage, curl | tee | openssl, aria2c -x8',
  async run({ size = 4 * 2 ** 30, rounds = 3 }, print) {
    print(
      `large: ${formatBytes(size)}, ${rounds} rounds; ${findPeers(['nginx', 'curl', 'openssl', 'aria2c', 'time']).join(', ')}`,
    );
    await inWorkspace(2.2 * size + 2 ** 28, async (folder) => {
      const files = join(folder, 'files');
      await mkdir(files);
      const file: ServedFile = {
        name: 'weights.bin',
        size,
        sha256: await writeRandomFile(join(files, 'weights.bin'), size),
      };
      const upstream = await startNginx(folder, files);
      try {
        const manifest = await writeManifest(folder, upstream.origin, [file]);
        const contenders = [
          stageContender(manifest, upstream.origin, file),
          curlContender(`${upstream.origin}/${file.name}`, file),
          ariaContender(`${upstream.origin}/${file.name}`, file),
        ];
        report(await race(contenders, rounds, folder, files), print);
      } finally {
        await upstream.close();
      }
    });
  },
};

export function stageContender(manifest: string, origin: string, { name, size }: ServedFile): Contender {
  return {
    name: 'weighbridge stage',
    command: (output) => stageCommand(manifest, origin, output),
    check: async (output) => mustHaveSize(join(output, 'mirror/bench/1.0.0', name), size),
  };
}

function curlContender(url: string, { size, sha256 }: ServedFile): Contender {
  return {
    name: 'curl | tee | openssl dgst',
    command: () => ['sh', '-c', 'curl -sSf "$0" | tee weights.bin | openssl dgst -sha256', url],
    async check(output, { stdout }) {
      if (!stdout.includes(sha256)) throw new Error(`curl and openssl came to ${stdout}`);
      await mustHaveSize(join(output, 'weights.bin'), size);
    },
  };
}

function ariaContender(url: string, { size, sha256 }: ServedFile): Contender {
  const options = ['-x8', '-s8', `--checksum=sha-256=${sha256}`, '--quiet=true', '--no-conf=true', '--out=weights.bin'];
  return {
    name: 'aria2c -x8 -s8 --checksum',
    command: () => ['aria2c', ...options, url],
    check: async (output) => mustHaveSize(join(output, 'weights.bin'), size),
  };
}

export async function mustHaveSize(path: string, size: number): Promise<void> {
  const actual = (await stat(path)).size;
  if (actual !== size) throw new Error(`${path} has ${actual} bytes instead of ${size}`);
}

function report([ours, curl, aria]: readonly Series[], print: (line: string) => void): void {
  if (ours === undefined || curl === undefined || aria === undefined) throw new RangeError('three series are needed');
  for (const line of table([ours, curl, aria])) print(line);
  print(verdict('wall time to that of curl | tee | openssl', medianRatio(ours, curl), 'at most', 0.7));
  print(verdict('wall time to that of aria2c', medianRatio(ours, aria), 'at most', 0.5));
  print(verdict('peak memory', median(ours.runs.map(({ peak }) => peak)), 'at most', 256 * 2 ** 20, 'bytes'));
  print(machine());
}
