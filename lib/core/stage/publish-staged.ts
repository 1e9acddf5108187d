import { publishRelease } from '../registry/publish-release.ts';
import type { MissingArtifact, ProvenArtifact, ReleaseDraft } from '../registry/release-draft.ts';
import { leftOut } from '../registry/release-set.ts';
import { StoreError } from '../stores/store.ts';
import type { ArtifactReport } from './report.ts';
import { restoreRecords } from './restore-records.ts';
import { type RunProgress, runId } from './run-progress.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';
import type { Survey } from './survey.ts';

/** @throws StoreError when what all optional files that failed leave over is not the release, or no release at all. */
export function checkWhole(failed: readonly ArtifactReport[], { manifest }: StageRequest, survey: Survey): void {
  const name = `${manifest.collection}@${manifest.version}`;
  const decided = failed.find(({ file }) => survey.decided?.has(file));
  if (decided !== undefined) {
    throw new StoreError(`${name} is decided to hold ${decided.file}, and it is not there: ${decided.reason}`, {
      hint: 'Put it back, or see that one of its sources has it, and run the same command again.',
    });
  }
  if (failed.length < manifest.artifacts.length) return;
  throw new StoreError(`${name} would hold nothing: every file of it is optional, and none could be had`, {
    hint: 'See to its sources and run the same command again.',
  });
}

/** Publishes what was staged, or puts back what a published release lacked. */
export async function publishStaged(
  request: StageRequest,
  survey: Survey,
  ports: StagePorts,
  progress: RunProgress,
): Promise<void> {
  const { manifest, store } = request;
  const proven: ProvenArtifact[] = progress.staged.flatMap((artifact) => artifact.proven ?? []);
  const specs = new Map(manifest.artifacts.map((spec) => [spec.id, spec]));
  const missing: MissingArtifact[] = progress.staged
    .filter((artifact) => artifact.proven === undefined)
    .flatMap(({ report }) => {
      const spec = specs.get(report.id);
      return spec === undefined ? [] : [{ spec, reason: report.reason ?? report.state }];
    });
  const draft: ReleaseDraft = {
    manifest,
    manifestSha256: request.manifestSha256,
    proven,
    missing,
    run: runId(request.manifestSha256, store.url),
    mirrors: request.mirrors,
    commit: request.commit,
    repository: request.repository,
  };
  const moved = progress.staged.some(({ report }) => report.state === 'staged' || report.state === 'copied');
  const restored = moved && request.repairs !== false;
  if (survey.release !== undefined && survey.entry !== undefined) {
    if (restored) progress.notes.push('Objects that were gone from a published release were put back.');
    progress.notes.push(...(await restoreRecords(store, survey, draft)));
    // Not before: what cannot be put back is still missing.
    progress.state = 'present';
    return;
  }
  ports.reporter.emit({ type: 'phase', phase: 'publish' });
  if (survey.sums === undefined) await request.beforeDecision?.();
  const published = await publishRelease(store, draft, ports.clock, ports.signal);
  leaveOut(progress, published.draft.proven);
  progress.content = published.release.content;
  progress.published = true;
  progress.state = published.changed ? 'published' : 'present';
}

/** Optional files that this run staged, when another publisher had decided without them: they are not in the release. */
function leaveOut(progress: RunProgress, chosen: readonly ProvenArtifact[]): void {
  const files = new Set(chosen.map(({ spec }) => spec.file));
  progress.staged = progress.staged.map((artifact) => {
    const { proven, report } = artifact;
    if (proven === undefined || files.has(report.file)) return artifact;
    progress.notes.push(`${proven.stat.key} is no part of the release and may be removed: ${leftOut}.`);
    return { proven: undefined, report: { ...report, state: 'skipped', source: null, reason: leftOut } };
  });
}
