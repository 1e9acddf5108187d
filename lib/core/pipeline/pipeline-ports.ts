import type { RuntimeConfiguration } from '../../contract/cloud/deployment.ts';
import type { ReplicaName } from '../../contract/cloud/replica-rules.ts';
import type { Clock } from '../clock.ts';
import type { HashPool } from '../digest/hash-pool.ts';
import type { Access, ArtifactSpec } from '../manifest/manifest.ts';
import type { RetryPolicy } from '../retry.ts';
import type { Source } from '../sources/source.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Store } from '../stores/store.ts';
import type { MemoryBudget } from '../transfer/memory-budget.ts';

/** Whose bytes are read, and what they become part of. */
export interface SourceUse {
  readonly publisher: string;
  readonly access: Access;
}

/** What the passes of the pipeline need from outside. */
export interface PipelinePorts {
  readonly clock: Clock;
  readonly hashes: HashPool;
  readonly memory: MemoryBudget;
  readonly retry: RetryPolicy;
  /** Ranges of one object that are read at the same time. */
  readonly ranges: number;
  /** Ends the work at once; not for want of time, which `secondsLeft` tells. */
  readonly signal: AbortSignal;
  /** Seconds until this pass must have returned, saving what it has included. */
  secondsLeft(): number;
  readonly configuration: RuntimeConfiguration;
  /** Base URL of the public mirror, for its readers; undefined where there is none. */
  readonly publicUrl: string | undefined;
  /** Name of the state bucket, for pointers. */
  readonly stateBucket: string;
  /** The whole state bucket: submissions, inbox and reports. */
  readonly state: Store;
  /** Working state below `working/` in it. */
  readonly work: StateStore;
  /** Undefined where the deployment has no mirror of that kind. */
  openPrimary(access: Access): Promise<Store | undefined>;
  /** Undefined where the deployment has no such replica for that kind. */
  openReplica(name: ReplicaName, access: Access): Promise<Store | undefined>;
  /** The artifact's sources in the manifest's order; one that is not granted throws when it is resolved. */
  openSources(spec: ArtifactSpec, use: SourceUse): readonly Source[];
}
