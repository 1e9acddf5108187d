import pLimit from 'p-limit';
import { artifactKey, releasePrefix } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { Refused, WeighbridgeError } from '../errors.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { publishRelease } from '../registry/publish-release.ts';
import type { Registry } from '../registry/records.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import type { MissingArtifact, ProvenArtifact, ReleaseDraft } from '../registry/release-draft.ts';
import { leftOut } from '../registry/release-set.ts';
import { StoreError } from '../stores/store.ts';
import { checkBytes, lackOfSpace } from './check-budgets.ts';
import { checkRelease, recordDifferences } from './check-release.ts';
import { clearAbandoned } from './clear-abandoned.ts';
import { clearDeadClaim, holdingRelease } from './holding-release.ts';
import { type Finding, inspect } from './inspect.ts';
import { makePlan, type Plan } from './plan.ts';
import { type ArtifactReport, notReached, type ReleaseState, type StageReport } from './report.ts';
import { restoreRecords } from './restore-records.ts';
import { type StagedArtifact, stageArtifact } from './stage-artifact.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';
import { type Survey, surveyRelease } from './survey.ts';
import { unnamedObjects } from './unnamed-objects.ts';

/** Hash of what is staged and where to: the same for every attempt at the same thing. */
export function runId(manifestSha256: Sha256, storeUrl: string): string {
  return Sha256.ofBytes(`${manifestSha256.hex}\n${storeUrl}`).hex.slice(0, 32);
}

/** What came of the parts of a run so far; a report can be made from it at any moment. */
interface Progress {
  staged: readonly StagedArtifact[];
  notes: string[];
  state: ReleaseState;
  published: boolean;
  content: string | null;
  error: WeighbridgeError | undefined;
}

/**
 * Stages one release: survey, preflight, plan, transfer, publish. Always returns a report, also when the run
 * was refused, failed or interrupted; `error` then says why.
 * @throws only what is a defect of the program.
 */
export async function stageRelease(
  request: StageRequest,
  ports: StagePorts,
): Promise<{ readonly report: StageReport; readonly error: WeighbridgeError | undefined }> {
  const { manifest, store } = request;
  const startedAt = ports.clock.now();
  const name = `${manifest.collection}@${manifest.version}`;
  ports.reporter.emit({ type: 'run-started', job: 'stage', release: name, artifacts: manifest.artifacts.length });
  const progress: Progress = {
    staged: [],
    notes: [...request.warnings],
    state: 'failed',
    published: false,
    content: null,
    error: undefined,
  };
  try {
    const stored = await claimStore(store, manifest.access, ports.clock);
    if (isListed(stored.registry, manifest)) {
      await run(stored.registry, request, ports, progress);
      await clearDeadClaim(request, ports);
    } else {
      await holdingRelease(request, ports, async (held, waited) => {
        const { registry } = waited ? await claimStore(store, manifest.access, ports.clock) : stored;
        await run(registry, request, held, progress);
      });
    }
  } catch (thrown) {
    // Whatever an interruption made fail, the interruption is what happened.
    const error: unknown = ports.signal.aborted ? ports.signal.reason : thrown;
    if (!(error instanceof WeighbridgeError)) throw error;
    if (progress.state === 'published' || progress.state === 'present') {
      // What was published stays so, whatever went wrong while clearing up.
      progress.notes.push(`Afterwards: ${[error.message, error.hint].filter(Boolean).join('. ')}`);
    } else {
      progress.error = error;
      progress.state = error instanceof Refused ? 'refused' : 'failed';
    }
  }
  const finishedAt = ports.clock.now();
  const seconds = (finishedAt.getTime() - startedAt.getTime()) / 1000;
  ports.reporter.emit({ type: 'run-finished', release: name, state: progress.state, seconds });
  const { error } = progress;
  const report: StageReport = {
    ok: progress.state === 'published' || progress.state === 'present',
    run: runId(request.manifestSha256, store.url),
    attempt: request.attempt,
    collection: manifest.collection,
    version: manifest.version,
    state: progress.state,
    published: progress.published,
    content: progress.content,
    artifacts: allReports(manifest, progress.staged),
    stores: [{ store: store.url, state: progress.state, requests: { ...store.requests } }],
    notes: progress.notes,
    startedAt: startedAt.toISOString(),
    finishedAt: finishedAt.toISOString(),
    ...(error === undefined ? {} : { error: runError(error) }),
  };
  return { report, error };
}

/** One entry per artifact, in the manifest's order; a run that was ended early did not get to all of them. */
function allReports(manifest: Manifest, staged: readonly StagedArtifact[]): readonly ArtifactReport[] {
  const reports = new Map(staged.map(({ report }) => [report.id, report]));
  return manifest.artifacts.map((spec) => reports.get(spec.id) ?? notReached(spec));
}

function runError({ name, message, hint }: WeighbridgeError): NonNullable<StageReport['error']> {
  return { code: name, message, ...(hint === undefined ? {} : { hint }) };
}

/** What `stage` would do, without writing anything. @throws Refused, StoreError */
export async function planRelease(
  request: StageRequest,
  registry: Survey['registry'],
  ports: StagePorts,
): Promise<Plan> {
  const survey = await surveyRelease(request.store, request.manifest, registry);
  checkRelease(request.manifest, survey, request.store.url);
  const findings = await inspect(request, survey, ports);
  const plan = makePlan(request, survey, findings, ports.memory.limit);
  const full = await lackOfSpace(plan, request, findings, ports);
  return full === undefined ? plan : { ...plan, publishable: false, warnings: [...plan.warnings, full.message] };
}

function isListed(registry: Registry, { collection, version }: Manifest): boolean {
  return registryEntry(registry, collection, version) !== undefined;
}

async function run(registry: Registry, request: StageRequest, ports: StagePorts, progress: Progress): Promise<void> {
  const { manifest, store } = request;
  const survey = await surveyRelease(store, manifest, registry);
  progress.published = survey.release !== undefined && survey.entry !== undefined;
  progress.content = survey.release?.record.content ?? null;
  checkRelease(manifest, survey, store.url);
  if (survey.release !== undefined) {
    progress.notes.push(...recordDifferences(manifest, survey.release.record));
  }
  progress.notes.push(...unnamedObjects(manifest, survey));
  const findings = await inspect(request, survey, ports);
  const plan = makePlan(request, survey, findings, ports.memory.limit);
  checkBytes(plan, request.maxBytes);
  const full = await lackOfSpace(plan, request, findings, ports);
  if (full !== undefined) throw full;
  ports.reporter.emit({
    type: 'planned',
    artifacts: plan.artifacts.filter(({ action }) => action === 'fetch' || action === 'copy').length,
    bytes: plan.bytes.fetch + plan.bytes.copy,
  });
  await stageAll(request, findings, ports, progress);
  const failed = progress.staged.filter(({ proven }) => proven === undefined).map(({ report }) => report);
  if (failed.some(({ required }) => required)) return;
  checkWhole(failed, request, survey);
  await publish(request, survey, ports, progress);
  const { collection, version } = manifest;
  const large = manifest.artifacts.filter(({ size }) => size === undefined || size > store.limits.singlePut);
  const keys = large.map(({ file }) => artifactKey(collection, version, file));
  const release = { prefix: releasePrefix(collection, version), keys };
  progress.notes.push(...(await clearAbandoned(store, release, request.attempt, ports)));
}

/** Objects up to this many bytes are limited by requests, not by bandwidth, and go four times as many at once. */
const small = 1 << 20;

async function stageAll(
  request: StageRequest,
  findings: ReadonlyMap<ArtifactSpec, Finding>,
  ports: StagePorts,
  progress: Progress,
): Promise<void> {
  if ([...findings.values()].some(({ kind }) => kind === 'fetch' || kind === 'copy')) {
    ports.reporter.emit({ type: 'phase', phase: 'transfer' });
  }
  const failure = new AbortController();
  const stoppable = { ...ports, signal: AbortSignal.any([ports.signal, failure.signal]) };
  const largeOnes = pLimit(request.concurrency);
  const smallOnes = pLimit(request.concurrency * 4);
  const results = new Map<ArtifactSpec, StagedArtifact>();
  const stage = async (spec: ArtifactSpec) => {
    const finding = findings.get(spec);
    if (finding === undefined) throw new TypeError(`${spec.id} was not looked at`);
    const work = () => stageArtifact(spec, finding, request, stoppable);
    try {
      // Only what moves bytes waits for its turn.
      if (finding.kind === 'fetch' && finding.size <= small) results.set(spec, await smallOnes(work));
      else if (finding.kind === 'fetch' || finding.kind === 'copy') results.set(spec, await largeOnes(work));
      else results.set(spec, await work());
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
  }
}

/** @throws StoreError when what all optional files that failed leave over is not the release, or no release at all. */
function checkWhole(failed: readonly ArtifactReport[], { manifest }: StageRequest, survey: Survey): void {
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

async function publish(request: StageRequest, survey: Survey, ports: StagePorts, progress: Progress): Promise<void> {
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
  };
  const restored = progress.staged.some(({ report }) => report.state === 'staged' || report.state === 'copied');
  if (survey.release !== undefined && survey.entry !== undefined) {
    progress.state = 'present';
    if (restored) progress.notes.push('Objects that were gone from a published release were put back.');
    progress.notes.push(...(await restoreRecords(store, survey, draft)));
    return;
  }
  ports.reporter.emit({ type: 'phase', phase: 'publish' });
  const published = await publishRelease(store, draft, ports.clock, ports.signal);
  leaveOut(progress, published.draft.proven);
  progress.content = published.release.content;
  progress.published = true;
  progress.state = published.changed ? 'published' : 'present';
}

/** Optional files that this run staged, when another publisher had decided without them: they are not in the release. */
function leaveOut(progress: Progress, chosen: readonly ProvenArtifact[]): void {
  const files = new Set(chosen.map(({ spec }) => spec.file));
  progress.staged = progress.staged.map((artifact) => {
    const { proven, report } = artifact;
    if (proven === undefined || files.has(report.file)) return artifact;
    progress.notes.push(`${proven.stat.key} is no part of the release and may be removed: ${leftOut}.`);
    return { proven: undefined, report: { ...report, state: 'skipped', source: null, reason: leftOut } };
  });
}
