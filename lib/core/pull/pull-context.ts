import type { Clock } from '../clock.ts';
import type { HashPool } from '../digest/hash-pool.ts';
import type { Reporter } from '../events.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import type { PullRoot } from './pull-root.ts';

/** What the steps of one pull share. */
export interface PullContext {
  readonly root: PullRoot;
  /** Undefined: only what is on this machine. */
  readonly reader: MirrorReader | undefined;
  /** Fetch even what is right already. */
  readonly force: boolean;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly hashes: HashPool;
}
