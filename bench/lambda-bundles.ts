import { execFile } from 'node:child_process';
import { mkdir, readdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { alignedRows } from '../lib/cli/aligned-rows.ts';
import { formatBytes } from '../lib/cli/progress/quantities.ts';
import { cloudSchema } from '../lib/contract/cloud/cloud-configuration.ts';
import { deploymentSchema, runtimeConfiguration, runtimeConfigurationFile } from '../lib/contract/cloud/deployment.ts';
import { handlerVariables } from '../lib/contract/cloud/handlers.ts';
import { buildLambdas } from '../tools/build-lambdas.ts';
import type { Bench } from './bench.ts';
import { machine, median, verdict } from './figures.ts';
import { inWorkspace } from './workspace.ts';

const run = promisify(execFile);

/** Bytes that one bundle may have. */
const largest = 3_000_000;
/** Bytes that the one may have for which callers wait. */
const largestOfAccess = 1_000_000;
/** Milliseconds from the import of its bundle to the end of a first call. */
const slowestOfAccess = 300;
/** Milliseconds from the import of a bundle to the end of a first call. */
const slowest = 400;

const variables = {
  AWS_REGION: 'eu-central-1',
  AWS_ACCESS_KEY_ID: 'none',
  AWS_SECRET_ACCESS_KEY: 'none',
  ...Object.fromEntries(Object.values(handlerVariables).map((name) => [name, 'bench'])),
  [handlerVariables.signerRole]: 'arn:aws:iam::123456789012:role/bench',
};

/** How large the functions are, and how long they take to start, beside one that is empty. */
export const lambdaBundles: Bench = {
  summary: 'size and cold start of each function against an empty one',
  async run({ rounds = 9 }, print) {
    print(`lambda-bundles: ${rounds} rounds`);
    await inWorkspace(64 * 2 ** 20, async (folder) => {
      const bundles = (await buildLambdas(undefined, join(folder, 'built'))).map(
        ({ handler, folder: at }) => [handler, at] as const,
      );
      const peer = ['(empty)', join(folder, 'empty')] as const;
      await mkdir(peer[1]);
      await writeFile(join(peer[1], 'index.mjs'), 'export const handler = async () => 0;\n');
      const all = [peer, ...bundles];
      for (const [, at] of all) await writeFile(join(at, runtimeConfigurationFile), configuration());
      const times = new Map<string, number[]>(all.map(([name]) => [name, []]));
      // In turns, so that what else the machine does hits all of them.
      for (let round = 0; round < rounds; round += 1) {
        for (const [name, at] of all) times.get(name)?.push(await startOnce(at));
      }
      const floor = median(times.get(peer[0]) ?? []);
      const rows: string[][] = [['', 'size', 'first file', 'start ms', 'above empty ms', 'all']];
      const sizes = new Map<string, number>();
      for (const [name, at] of all) {
        const own = times.get(name) ?? [];
        const size = await sizeOf(at);
        sizes.set(name, size);
        const first = (await stat(join(at, 'index.mjs'))).size;
        const middle = median(own);
        const shown = own.map((one) => one.toFixed(0)).join(' ');
        rows.push([name, formatBytes(size), formatBytes(first), middle.toFixed(0), (middle - floor).toFixed(0), shown]);
      }
      for (const line of alignedRows(rows)) print(line);
      print(verdict('largest bundle', Math.max(...sizes.values()), 'at most', largest, 'bytes'));
      print(verdict('bundle of the access API', sizes.get('access') ?? Infinity, 'at most', largestOfAccess, 'bytes'));
      const medians = bundles.map(([name]) => median(times.get(name) ?? []));
      print(verdict('slowest median from import to first call', Math.max(...medians), 'at most', slowest, ' ms'));
      const access = median(times.get('access') ?? []);
      print(verdict('access API from import to first call', access, 'at most', slowestOfAccess, ' ms'));
      print(machine());
    });
  },
};

async function startOnce(folder: string): Promise<number> {
  const program = join(import.meta.dirname, 'lambda-start.ts');
  const { stdout } = await run(process.execPath, [program, folder], { env: variables });
  const last = stdout.trim().split('\n').at(-1);
  const milliseconds = Number(last);
  if (!(milliseconds > 0)) throw new Error(`no time was printed: ${stdout}`);
  return milliseconds;
}

async function sizeOf(folder: string): Promise<number> {
  const files = await readdir(folder);
  const sizes = await Promise.all(files.map(async (file) => (await stat(join(folder, file))).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

function configuration(): string {
  const deployment = deploymentSchema.parse({ environment: null, cloud: cloudSchema.parse({}) });
  return JSON.stringify(runtimeConfiguration(deployment));
}
