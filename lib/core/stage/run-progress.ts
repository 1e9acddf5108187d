import { Sha256 } from '../digest/sha256.ts';
import type { WeighbridgeError } from '../errors.ts';
import type { ReleaseState, StoreReport } from './report.ts';
import type { StagedArtifact } from './stage-artifact.ts';

/** What came of the parts of a run so far; a report can be made from it at any moment. */
export interface RunProgress {
  staged: readonly StagedArtifact[];
  notes: string[];
  state: ReleaseState;
  published: boolean;
  content: string | null;
  error: WeighbridgeError | undefined;
  /** One per replica, once they had their turn. */
  replicas: readonly StoreReport[];
}

/** Hash of what is staged and where to: the same for every attempt at the same thing. */
export function runId(manifestSha256: Sha256, storeUrl: string): string {
  return Sha256.ofBytes(`${manifestSha256.hex}\n${storeUrl}`).hex.slice(0, 32);
}
