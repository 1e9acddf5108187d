import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { SourceOutcome } from '../sources/source.ts';
import type { RequestKind } from '../stores/store.ts';

export type ArtifactState = 'present' | 'copied' | 'staged' | 'referenced' | 'failed' | 'unresolved' | 'skipped';
export type ReleaseState = 'published' | 'present' | 'degraded' | 'failed' | 'refused' | 'superseded';

/** One try at one source. Sources are redacted; reasons name no secret. */
export interface AttemptReport {
  readonly source: string;
  readonly outcome: SourceOutcome;
  readonly reason: string;
}

export interface ArtifactReport {
  readonly id: string;
  readonly file: string;
  readonly state: ArtifactState;
  readonly required: boolean;
  readonly size: number | null;
  readonly sha256: string | null;
  /** Bytes that upstream sent in this attempt, wasted ones included. */
  readonly bytesFetched: number;
  readonly seconds: number;
  /** The source whose bytes were taken; null when none was needed or none worked. */
  readonly source: string | null;
  readonly attempts: readonly AttemptReport[];
  /** Why it is not there, for failed, unresolved and skipped ones. */
  readonly reason?: string;
}

export interface StoreReport {
  /** As the user wrote it. */
  readonly store: string;
  readonly state: ReleaseState;
  readonly requests: Readonly<Partial<Record<RequestKind, number>>>;
  /** What this run brought into a replica; absent for the primary, whose artifacts have reports of their own. */
  readonly copied?: { readonly artifacts: number; readonly bytes: number };
  /** Why a replica does not hold the release as the primary does. */
  readonly reason?: string;
}

/** What `stage` did, truthfully: the JSON of `--json` and of `--report`. */
export interface StageReport {
  readonly ok: boolean;
  /** Hash of manifest bytes and store URL: the same for every attempt at the same thing. */
  readonly run: string;
  /** ULID of this execution. */
  readonly attempt: string;
  readonly collection: string;
  readonly version: string;
  readonly state: ReleaseState;
  /** Is the release readable from the primary now? */
  readonly published: boolean;
  /** SHA-256 of the release's canonical content; null while it is not known. */
  readonly content: string | null;
  readonly artifacts: readonly ArtifactReport[];
  readonly stores: readonly StoreReport[];
  /** Things a person should know: other labels after release, equal digests, what was cleaned up. */
  readonly notes: readonly string[];
  /** Where checkpoints and leases are, and what they cost; absent where requests cost nothing. */
  readonly workingState?: { readonly location: string; readonly requests: StoreReport['requests'] };
  readonly startedAt: string;
  readonly finishedAt: string;
  /** Who submitted it, and where its manifest is kept; of runs in the cloud. */
  readonly publisher?: string;
  readonly commit?: string;
  readonly repository?: string;
  /** Set when the run as a whole was refused or failed. */
  readonly error?: { readonly code: string; readonly message: string; readonly hint?: string };
}

/** Why an artifact has no other state: the run as a whole ended before. */
export const endedBefore = 'the run ended before it was staged';

/** The entry of an artifact that the run did not get to. */
export function notReached({ id, file, required, size, sha256 }: ArtifactSpec): ArtifactReport {
  const nothing = { bytesFetched: 0, seconds: 0, source: null, attempts: [], reason: endedBefore };
  return { id, file, state: 'skipped', required, size: size ?? null, sha256: sha256?.hex ?? null, ...nothing };
}
