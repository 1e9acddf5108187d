import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import type { Bench } from './bench.ts';
import { watchCores } from './busy-cores.ts';
import { machine, median, table, verdict } from './figures.ts';
import { type ServedFile, writeManifest } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { stageToS3 } from './s3-contenders.ts';
import { mustHold, s3Place } from './s3-place.ts';
import { startNginx } from './upstream.ts';
import { inWorkspace, writeRandomFile } from './workspace.ts';

/** Several large files at once: is the work spread over the cores? */
export const s3Eight: Bench = {
  summary: '--count (8) files of --size (1GiB) to S3 at once: processor seconds to wall seconds',
  async run({ size = 2 ** 30, count = 8, rounds = 3 }, print) {
    print(
      `s3-eight: ${count} × ${formatBytes(size)}, ${rounds} rounds; ${findPeers(['nginx', 'minio', 'time']).join(', ')}`,
    );
    await inWorkspace(2.2 * size * count + 2 ** 28, async (folder) => {
      const served = join(folder, 'files');
      await mkdir(served);
      const files: ServedFile[] = [];
      for (let number = 1; number <= count; number += 1) {
        const name = `weights-${number}.bin`;
        files.push({ name, size, sha256: await writeRandomFile(join(served, name), size) });
      }
      const upstream = await startNginx(folder, served);
      const place = s3Place();
      try {
        const manifest = await writeManifest(folder, upstream.origin, files);
        const cores: number[] = [];
        let atWork = await watchCores();
        const stage = {
          name: 'weighbridge stage',
          async prepare() {
            await place.renew();
            atWork = await watchCores();
          },
          variables: () => place.variables(),
          command: (output: string) => stageToS3(manifest, upstream.origin, output),
          async check() {
            cores.push(await atWork());
            for (const file of files) await mustHold(place, `bench/1.0.0/${file.name}`, file.size);
          },
        };
        const series = await race([stage], rounds, folder, served);
        for (const line of table(series)) print(line);
        const runs = series[0]?.runs ?? [];
        const spread = median(runs.map(({ cpu, wall }) => cpu / wall));
        print(verdict('processor seconds to wall seconds', spread, 'at least', 1.5));
        print(`${median(cores).toFixed(2)} cores at work, with the upstream and the store on them as well`);
        print(verdict('peak memory', median(runs.map(({ peak }) => peak)), 'at most', 256 * 2 ** 20, 'bytes'));
        print(machine());
      } finally {
        await place.close();
        await upstream.close();
      }
    });
  },
};
