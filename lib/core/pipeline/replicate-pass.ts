import type { WeighbridgeError } from '../errors.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { claimStore } from '../registry/registry-file.ts';
import { checkReplica, checkSizes } from '../replicate/check-replica.ts';
import { copyArtifact, isOneArtifacts } from '../replicate/copy-artifacts.ts';
import { inspectReplica } from '../replicate/inspect-replica.ts';
import { type PrimaryRelease, readPrimary } from '../replicate/primary-release.ts';
import { sentences } from '../sentences.ts';
import { forgetLost } from '../stage/forget-lost.ts';
import { lanesBySize } from '../stage/lanes-by-size.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import type { Attempt } from './attempt.ts';
import { earlierCopies } from './earlier-copies.ts';

/** Large artifacts copied at once; small ones go four times as many. */
const atOnce = 8;

/** Receives what becomes of each file. */
export interface CopyResults {
  /** @param bytes Copied by this call: none where it was there. */
  copied(artifact: ReleaseArtifact, stat: ObjectStat, bytes: number): void;
  failed(artifact: ReleaseArtifact, reason: string): void;
}

/**
 * Copies files of a published release into a replica, claiming and checking it first.
 * @param files Of the release: those that no pass has ended yet.
 * @returns the trouble of single files that another pass may not have; undefined where there was none.
 * @throws what makes the replica unusable, or ends the pass.
 */
export async function replicatePass(
  attempt: Attempt,
  { name, store }: { readonly name: string; readonly store: Store },
  files: readonly string[],
  engine: StagePorts,
  results: CopyResults,
): Promise<WeighbridgeError | undefined> {
  engine.signal.throwIfAborted();
  const { manifest, place } = attempt;
  const primary = await readPrimary(attempt.store, manifest, new Map());
  const { registry } = await claimStore(store, manifest.access, engine.clock);
  const survey = await surveyRelease(store, primary, registry);
  checkReplica(primary, survey, store);
  const wanted = primary.record.artifacts.filter(({ file }) => files.includes(file));
  const proofs = await earlierCopies(engine.state, place, name);
  const part: PrimaryRelease = { ...primary, record: { ...primary.record, artifacts: wanted } };
  const findings = await inspectReplica(part, store, survey, engine, proofs);
  const absent: ReleaseArtifact[] = [];
  for (const [artifact, finding] of findings) {
    if (finding.kind === 'present') results.copied(artifact, finding.stat, 0);
    else if (finding.kind === 'damaged') results.failed(artifact, finding.reason);
    else absent.push(artifact);
  }
  checkSizes(store, absent);
  if (absent.length > 0) await forgetLost(store, primary, survey);
  return await copyAll(primary, absent, { store, attempt: place.attempt }, engine, results);
}

async function copyAll(
  primary: PrimaryRelease,
  absent: readonly ReleaseArtifact[],
  request: { readonly store: Store; readonly attempt: string },
  engine: StagePorts,
  results: CopyResults,
): Promise<WeighbridgeError | undefined> {
  const failure = new AbortController();
  const stoppable = { ...engine, signal: AbortSignal.any([engine.signal, failure.signal]) };
  let trouble: WeighbridgeError | undefined;
  const copy = async (artifact: ReleaseArtifact) => {
    if (failure.signal.aborted) return;
    try {
      results.copied(artifact, await copyArtifact(primary, artifact, request, stoppable), artifact.size);
    } catch (error) {
      if (engine.signal.aborted || failure.signal.aborted) return;
      if (!isOneArtifacts(error)) failure.abort(error);
      else if (error.retryable || error instanceof TransferTakenOver) {
        // The replica's, more often than this file's: the others would each wait for it as long.
        trouble = error;
        failure.abort(error);
      } else results.failed(artifact, sentences([error.message, error.hint]));
    }
  };
  const turn = lanesBySize(atOnce);
  await Promise.all(absent.map((artifact) => turn(artifact.size, () => copy(artifact))));
  engine.signal.throwIfAborted();
  if (trouble === undefined) failure.signal.throwIfAborted();
  return trouble;
}
