import type { Clock } from '../clock.ts';
import type { Reporter } from '../events.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { RetryPolicy } from '../retry.ts';
import type { Source } from '../sources/source.ts';
import type { SourceRef } from '../sources/source-ref.ts';

/** What locking needs from outside. */
export interface LockPorts {
  /** Opens one source of an artifact. All are opened before the first is asked, so that they can share listings. */
  openSource(ref: SourceRef, artifact: ArtifactSpec): Source;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  readonly retry: RetryPolicy;
  /** Artifacts at the same time. */
  readonly concurrency: number;
}
