import { type FaultProxy, startFaultProxy } from '../../servers/fault-proxy.ts';
import type { BucketSide } from './bucket-side.ts';
import type { Ended } from './program-process.ts';
import { storeProblems } from './store-problems.ts';
import { type TrueRelease, Workspace } from './workspace.ts';

const mebibyte = 1 << 20;

/** How long is waited between two tries proves nothing here. */
const quickClock = { NODE_OPTIONS: `--import ${new URL('quick-clock.ts', import.meta.url).href}` };

/** The real program, an upstream, a real store, and a proxy between program and store that does what it is told. */
export interface StoreAttack {
  readonly workspace: Workspace;
  readonly side: BucketSide;
  readonly proxy: FaultProxy;
  /** Of one file in four parts and one small file. */
  readonly release: TrueRelease;
  /** Makes it nine parts, more than are sent at the same time. */
  enlarge(): Promise<void>;
  /** Runs `stage` through the proxy to its end. */
  stage(options?: readonly string[], release?: TrueRelease): Promise<Staged>;
  /** Everything that is wrong with the bucket when the release is all it should hold. */
  problems(): Promise<readonly string[]>;
  close(): Promise<void>;
}

export interface Staged extends Ended {
  /** Code, and what was said where the code is not 0: what a failed expectation should show. */
  readonly outcome: string;
}

export const largeFile = 'large.bin';
export const smallFile = 'small.bin';

export async function openStoreAttack(side: BucketSide): Promise<StoreAttack> {
  const workspace = await Workspace.open();
  const proxy = await startFaultProxy(side.origin);
  const add = (size: number) =>
    workspace.addRelease('models', '1.0.0', [
      { file: largeFile, size },
      { file: smallFile, size: 20_000 },
    ]);
  // More than goes in one request.
  let release = await add(16 * mebibyte + 1);
  return {
    workspace,
    side,
    proxy,
    get release() {
      return release;
    },
    async enlarge() {
      release = await add(40 * mebibyte + 1);
    },
    async stage(options = [], wanted = release) {
      // The smallest that S3 takes.
      const all = ['--to', side.url, '--part-size', '5MiB', ...options];
      const run = workspace.stage(wanted, all, { ...side.variables(proxy.url), ...quickClock });
      const ended = await run.ended;
      return { ...ended, outcome: ended.code === 0 ? '0' : `${ended.code}: ${ended.stdout}${ended.stderr}` };
    },
    problems: () => storeProblems(workspace, side, [release]),
    async close() {
      await workspace.close();
      side.close();
      await proxy.stop();
    },
  };
}
