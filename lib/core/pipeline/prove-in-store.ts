import pLimit from 'p-limit';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { type Finding, lookInStore } from '../stage/inspect.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import type { Attempt } from './attempt.ts';
import { earlierProofs } from './earlier-proofs.ts';

/** Objects read back at the same time. */
const atOnce = 2;

/**
 * Reads and hashes what lies in the store and nobody vouches for. What is gone meanwhile is left out.
 * @throws Refused when other bytes lie under a key that no release records.
 */
export async function proveInStore(
  specs: readonly ArtifactSpec[],
  attempt: Attempt,
  ports: StagePorts,
): Promise<ReadonlyMap<ArtifactSpec, Finding>> {
  const findings = new Map<ArtifactSpec, Finding>();
  if (specs.length === 0) return findings;
  const survey = await surveyRelease(attempt.store, attempt.manifest, undefined);
  const request = { ...attempt.request, proofs: await earlierProofs(ports.state, attempt.place) };
  const limit = pLimit(atOnce);
  for (const spec of specs) {
    const finding = await lookInStore(spec, request, survey, ports, limit);
    if (finding !== undefined) findings.set(spec, finding);
  }
  return findings;
}
