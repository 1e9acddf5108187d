import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { machine, medianRatio, table, verdict } from './figures.ts';
import { mustHaveSize, stageContender } from './large.ts';
import { type ServedFile, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { openSlowLine } from './slow-line.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

const bytesPerSecond = 20_000_000;

/** One large file from an upstream that gives every connection 20 MB/s, as many object stores and CDNs do. */
export const capped: Bench = {
  summary: 'one file of --size (4GiB) at 20 MB/s per connection: stage, curl',
  async run({ size = 4 * 2 ** 30, rounds = 3 }, print) {
    print(`capped: ${formatBytes(size)}, ${rounds} rounds; ${findPeers(['nginx', 'curl', 'time']).join(', ')}`);
    await inWorkspace(2.2 * size + 2 ** 28, async (folder) => {
      const files = join(folder, 'files');
      await mkdir(files);
      const file: ServedFile = {
        name: 'weights.bin',
        size,
        sha256: await writeRandomFile(join(files, 'weights.bin'), size),
      };
      const upstream = await startNginx(folder, files);
      const line = await openSlowLine(upstream.origin, bytesPerSecond);
      try {
        const manifest = await writeManifest(folder, line.origin, [file]);
        const curl = {
          name: 'curl',
          command: () => ['curl', '-sSf', '-o', 'weights.bin', `${line.origin}/${file.name}`],
          check: (output: string) => mustHaveSize(join(output, 'weights.bin'), size),
        };
        const series = await race([stageContender(manifest, line.origin, file), curl], rounds, folder, files);
        const [ours, theirs] = series;
        if (ours === undefined || theirs === undefined) throw new RangeError('two series are needed');
        for (const row of table(series)) print(row);
        print(verdict('times faster than one curl', medianRatio(theirs, ours), 'at least', 6));
        print(machine());
      } finally {
        line.close();
        await upstream.close();
      }
    });
  },
};
