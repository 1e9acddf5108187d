import type { ArtifactSpec } from '../manifest/manifest.ts';
import { type CopySource, provenCopy } from './find-copies.ts';
import type { Finding } from './inspect.ts';
import { lanesBySize } from './lanes-by-size.ts';
import type { RunProgress } from './run-progress.ts';
import { type StagedArtifact, stageArtifact } from './stage-artifact.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

function sizeOf(finding: Extract<Finding, { kind: 'fetch' | 'copy' }>): number {
  return finding.kind === 'copy' ? finding.from.size : finding.size;
}

/**
 * Stages every artifact, so many at a time; what failed is in its report and does not end the others.
 * @param onStaged Called as soon as an artifact has come to its end, one way or the other.
 * @throws what ends the run as a whole: a refusal, lost credentials, an interruption.
 */
export async function stageAll(
  request: StageRequest,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  ports: StagePorts,
  progress: RunProgress,
  onStaged: (staged: StagedArtifact) => void = () => undefined,
): Promise<void> {
  if ([...findings.values()].some(({ kind }) => kind === 'fetch' || kind === 'copy')) {
    ports.reporter.emit({ type: 'phase', phase: 'transfer' });
  }
  const failure = new AbortController();
  const stoppable = { ...ports, signal: AbortSignal.any([ports.signal, failure.signal]) };
  const turn = lanesBySize(request.concurrency);
  const results = new Map<ArtifactSpec, StagedArtifact>();
  const vouched = new Map<string, Pick<CopySource, 'size' | 'proof'>>();
  const stage = async (spec: ArtifactSpec) => {
    const found = findings.get(spec);
    if (found === undefined) throw new TypeError(`${spec.id} was not looked at`);
    const finding =
      found.kind === 'copy' ? { ...found, from: { ...found.from, ...vouched.get(found.from.key) } } : found;
    const work = () => stageArtifact(spec, finding, request, stoppable);
    try {
      // Only what moves bytes waits for its turn.
      const moves = finding.kind === 'fetch' || finding.kind === 'copy';
      const staged = await (moves ? turn(sizeOf(finding), work) : work());
      results.set(spec, staged);
      onStaged(staged);
    } catch (error) {
      // What ends the run (a refusal, lost credentials) must not wait for terabytes that are then of no use.
      failure.abort(error);
    }
  };
  const { artifacts } = request.manifest;
  // Copies come last: what they copy may be staged by this very run.
  const copies = artifacts.filter((spec) => findings.get(spec)?.kind === 'copy');
  const others = artifacts.filter((spec) => findings.get(spec)?.kind !== 'copy');
  for (const batch of [others, copies]) {
    await Promise.all(batch.map(stage));
    progress.staged = request.manifest.artifacts.flatMap((spec) => results.get(spec) ?? []);
    failure.signal.throwIfAborted();
    for (const { proven } of results.values())
      if (proven !== undefined) vouched.set(proven.stat.key, provenCopy(proven));
  }
}
