import pLimit from 'p-limit';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { type Finding, lookInStore } from '../stage/inspect.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import type { Attempt } from './attempt.ts';
import { earlierProofs } from './earlier-proofs.ts';

/** Objects looked at at the same time, and read back. */
const looks = 8;
const reads = 2;

/**
 * Reads and hashes what lies in the store and nobody vouches for. What is gone meanwhile is left out.
 * @param found Called with each finding as soon as it is made: a pass may end before the last.
 * @throws Refused when other bytes lie under a key that no release records.
 */
export async function proveInStore(
  specs: readonly ArtifactSpec[],
  attempt: Attempt,
  ports: StagePorts,
  found: (spec: ArtifactSpec, finding: Finding) => Promise<void>,
): Promise<void> {
  if (specs.length === 0) return;
  const survey = await surveyRelease(attempt.store, attempt.manifest, undefined);
  const request = { ...attempt.request, proofs: await earlierProofs(ports.state, attempt.place) };
  const failure = new AbortController();
  const stoppable = { ...ports, signal: AbortSignal.any([ports.signal, failure.signal]) };
  const looking = pLimit(looks);
  const reading = pLimit(reads);
  const prove = async (spec: ArtifactSpec) => {
    if (failure.signal.aborted) return;
    try {
      const finding = await lookInStore(spec, request, survey, stoppable, reading);
      if (finding !== undefined) await found(spec, finding);
    } catch (error) {
      failure.abort(error);
    }
  };
  await Promise.all(specs.map((spec) => looking(() => prove(spec))));
  failure.signal.throwIfAborted();
}
