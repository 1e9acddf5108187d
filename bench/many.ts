import { mkdir, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { machine, medianRatio, type Series, table, verdict } from './figures.ts';
import { type Measured, measure } from './measure.ts';
import { type ServedFile, stageCommand, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { type Contender, race } from './race.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

/**
 * Many small files over loopback HTTP into a folder, each proven. Weighbridge asks upstream about every file before it
 * fetches the first, syncs each to the disk and publishes a release; aria2c only writes. Then the same again, which
 * has nothing to do.
 */
export const many: Bench = {
  summary: '--count (10000) files of --size (64KiB): stage, stage again, aria2c -j16',
  async run({ size = 65_536, count = 10_000, rounds = 3 }, print) {
    const peers = findPeers(['nginx', 'aria2c', 'time']).join(', ');
    print(`many: ${count} × ${formatBytes(size)}, ${rounds} rounds; ${peers}`);
    await inWorkspace(2.2 * size * count + 2 ** 28, async (folder) => {
      const served = join(folder, 'files');
      const files = await writeFiles(served, count, size);
      const upstream = await startNginx(folder, served);
      try {
        const manifest = await writeManifest(folder, upstream.origin, files);
        const list = join(folder, 'list.txt');
        await writeFile(list, files.map((file) => listEntry(upstream.origin, file)).join(''));
        const command = (output: string) => stageCommand(manifest, upstream.origin, output);
        const second: Measured[] = [];
        let requests = 0;
        const ours: Contender = {
          name: 'weighbridge stage',
          command,
          async check(output) {
            // The records of the release lie beside its files.
            await mustHold(join(output, 'mirror/bench/1.0.0'), count + 4);
            const before = await upstream.requests();
            second.push(await measure(command(output), output));
            requests += (await upstream.requests()) - before;
          },
        };
        const [first, aria] = await race([ours, ariaContender(list, count)], rounds, folder, served);
        if (first === undefined || aria === undefined) throw new RangeError('two series are needed');
        report(first, { name: 'weighbridge stage, again', runs: second }, aria, requests, print);
      } finally {
        await upstream.close();
      }
    });
  },
};

export async function writeFiles(folder: string, count: number, size: number): Promise<readonly ServedFile[]> {
  await mkdir(folder);
  const files: ServedFile[] = [];
  for (let number = 0; number < count; number += 1) {
    const name = `part-${String(number).padStart(5, '0')}.bin`;
    files.push({ name, size, sha256: await writeRandomFile(join(folder, name), size) });
  }
  return files;
}

function listEntry(origin: string, { name, sha256 }: ServedFile): string {
  return `${origin}/${name}\n  out=${name}\n  checksum=sha-256=${sha256}\n`;
}

function ariaContender(list: string, count: number): Contender {
  return {
    name: 'aria2c -i list -j16',
    command: () => ['aria2c', '-i', list, '-j16', '--quiet=true', '--no-conf=true', '--dir=pulled'],
    check: async (output) => mustHold(join(output, 'pulled'), count),
  };
}

async function mustHold(folder: string, count: number): Promise<void> {
  const actual = (await readdir(folder)).length;
  if (actual !== count) throw new Error(`${folder} holds ${actual} files instead of ${count}`);
}

function report(first: Series, second: Series, aria: Series, requests: number, print: (line: string) => void): void {
  for (const line of table([first, second, aria])) print(line);
  print(verdict('times faster than aria2c', medianRatio(aria, first), 'at least', 1.5));
  print(verdict('time of the second stage to that of the first', medianRatio(second, first), 'at most', 0.1));
  print(verdict('requests to the upstream in the second stage', requests, 'at most', 0));
  print(machine());
}
