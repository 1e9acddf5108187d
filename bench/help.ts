import type { Bench } from './bench.ts';
import { machine, median, medianRatio, table, verdict } from './figures.ts';
import { weighbridge } from './mirror-job.ts';
import { findPeers } from './peers.ts';
import { race } from './race.ts';
import { emptyFolder, inWorkspace } from './workspace.ts';

/** How long a user waits for the first line: the start of Node, and what `--help` has to load. */
export const help: Bench = {
  summary: 'weighbridge --help against node -e 0',
  async run({ rounds = 15 }, print) {
    print(`help: ${rounds} rounds; ${findPeers(['time']).join(', ')}`);
    await inWorkspace(2 ** 20, async (folder) => {
      const ours = {
        name: 'weighbridge --help',
        command: () => [...weighbridge, '--help'],
        async check(_: string, { stdout }: { readonly stdout: string }) {
          if (!stdout.includes('stage')) throw new Error(`help says only ${JSON.stringify(stdout)}`);
        },
      };
      const bare = { name: 'node -e 0', command: () => [process.execPath, '-e', '0'], check: async () => {} };
      const nothing = await emptyFolder(`${folder}/files`);
      const series = await race([ours, bare], rounds, folder, nothing);
      const [first, second] = series;
      if (first === undefined || second === undefined) throw new RangeError('two series are needed');
      for (const line of table(series)) print(line);
      const floor = median(second.runs.map(({ wall }) => wall));
      const wall = median(first.runs.map(({ wall }) => wall));
      print(verdict('seconds until help has been printed', wall, 'at most', 1.5 * floor + 0.1, ' s'));
      print(`${medianRatio(first, second).toFixed(2)} times node -e 0, ${Math.round((wall - floor) * 1000)} ms more`);
      print(machine());
    });
  },
};
