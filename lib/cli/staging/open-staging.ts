import { availableParallelism } from 'node:os';
import { HashPool } from '../../core/digest/hash-pool.ts';
import { defaultRetryPolicy } from '../../core/retry.ts';
import { openSource } from '../../core/sources/open-source.ts';
import type { StagePorts } from '../../core/stage/stage-ports.ts';
import { MemoryBudget } from '../../core/transfer/memory-budget.ts';
import type { CommandContext, CommandInput } from '../command-context.ts';
import { sourcePorts } from '../source-ports.ts';
import { timeLimit } from '../time-limit.ts';
import type { LoadedManifest } from './load-manifest.ts';
import { type StatePlace, statePlace } from './open-state.ts';
import type { SignedSources } from './signed-sources.ts';

/** Bytes of buffers for all transfers together: the window of one large object. With Node's own it stays below 256 MiB. */
const bufferBytes = 72 << 20;

/** Ranges of one object that are read at the same time. */
const rangesPerObject = 8;

/** Artifacts at the same time, unless somebody says otherwise. */
export const defaultConcurrency = 8;

/** Options that `stage`, `plan` and `publish` have in common, as commander leaves them. */
export interface StagingOptions {
  readonly to?: string;
  readonly replica?: readonly string[];
  readonly state?: string;
  readonly report?: string;
  readonly concurrency?: number;
  readonly timeout?: number;
  readonly attempts?: number;
  readonly maxBytes?: number;
  /** Bytes. */
  readonly partSize?: number;
}

export function stagingOptions(input: CommandInput): StagingOptions {
  return input.options as StagingOptions;
}

/** What all releases of one command share. */
export interface Staging {
  readonly state: StatePlace;
  portsFor(loaded: LoadedManifest, signed: SignedSources): Promise<StagePorts>;
  close(): Promise<void>;
}

/** Puts the engine together for one command; `close` ends its threads. */
export function openStaging(context: CommandContext, options: StagingOptions): Staging {
  const state = statePlace(context, options.state, namedStores(context, options));
  const hashes = new HashPool(availableParallelism());
  const memory = new MemoryBudget(bufferBytes);
  const timer = timeLimit(options.timeout);
  const signal = timer === undefined ? context.signal : AbortSignal.any([context.signal, timer.signal]);
  return {
    state,
    async portsFor({ directory, manifest }, signed) {
      const ports = await sourcePorts(context, directory, manifest.access);
      return {
        clock: context.clock,
        hashes,
        memory,
        reporter: context.reporter,
        signal,
        retry: { ...defaultRetryPolicy, ...(options.attempts === undefined ? {} : { attempts: options.attempts }) },
        ranges: rangesPerObject,
        state: await state.open(),
        openSources(spec) {
          const once = signed.get(spec.id);
          const refs = once === undefined ? spec.sources : [once, ...spec.sources];
          return refs.map((ref) => openSource(ref, ports, spec));
        },
      };
    },
    async close() {
      timer?.stop();
      await hashes.close();
    },
  };
}

/** Every mirror that the command line or weighbridge.yaml names. */
function namedStores({ configuration }: CommandContext, { to, replica = [] }: StagingOptions): readonly string[] {
  const configured = Object.values(configuration.stores).flatMap(({ primary, replicas }) => [primary, ...replicas]);
  return [...(to === undefined ? [] : [to]), ...replica, ...configured];
}
