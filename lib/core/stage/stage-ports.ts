import type { Sha256 } from '../digest/sha256.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import type { MirrorAddress } from '../registry/records.ts';
import type { Source } from '../sources/source.ts';
import type { ProcessIdentity } from '../state/process-identity.ts';
import type { StateStore } from '../state/state-store.ts';
import type { Store } from '../stores/store.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import type { HashStates } from './hash-object.ts';
import type { ObjectProofs } from './object-proofs.ts';

/** What staging needs from outside. */
export interface StagePorts extends Omit<TransferPorts, 'onFetched'> {
  readonly state: StateStore;
  /** The artifact's sources in the manifest's order, with what is expected of them. */
  openSources(spec: ArtifactSpec): readonly Source[];
  /** Called with every count of bytes that upstream sent for an artifact, wasted ones included. */
  countFetched?(id: string, bytes: number): void;
  /** Where the proof of a large object in a store is kept on its way; without it each call begins anew. */
  readonly hashStates?: HashStates;
  /** Who holds leases; this process by default. Sandboxes in the cloud may look like one another. */
  readonly identity?: ProcessIdentity;
}

/** One manifest, to be staged into one primary store. */
export interface StageRequest {
  readonly manifest: Manifest;
  /** Of the manifest file's bytes. */
  readonly manifestSha256: Sha256;
  readonly store: Store;
  /** Stores that receive what the primary holds once it is published there, in this order. */
  readonly replicas?: readonly Store[];
  /** ULID of this execution. */
  readonly attempt: string;
  /** Large artifacts moved at once; small ones go four times as many. */
  readonly concurrency: number;
  /** Bytes that may be fetched at most; a run that needs more is refused before its first byte. */
  readonly maxBytes: number | undefined;
  /** Digests that different ids share and the like: told in plan and report. */
  readonly warnings: readonly string[];
  /** Where the manifest is kept, for the record. */
  readonly commit?: string | undefined;
  readonly repository?: string | undefined;
  /** Where releases of the store can be read, for its registry. */
  readonly mirrors?: readonly MirrorAddress[] | undefined;
  /** What earlier attempts proved of objects that no release records yet: they are not hashed again. */
  readonly proofs?: ObjectProofs;
  /** Asked right before `SHA256SUMS` is written, which decides for ever. @throws what is to end the run. */
  beforeDecision?(): Promise<void>;
  /**
   * Was the release published before anything was moved, so that what was moved had gone from it?
   * @default true, for a run that looks and publishes in one
   */
  readonly repairs?: boolean;
}
