import { Refused, WeighbridgeError } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import type { Registry } from '../registry/records.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import { planReplica, type ReplicaPlan } from '../replicate/plan-replica.ts';
import { replicatePublished, stateOfAll } from '../replicate/replicate-all.ts';
import { sentences } from '../sentences.ts';
import { isConfigured, type Store } from '../stores/store.ts';
import { checkBytes, lackOfSpace } from './check-budgets.ts';
import { checkRelease, recordDifferences } from './check-release.ts';
import { clearAfterRun } from './clear-after-run.ts';
import { forgetLost } from './forget-lost.ts';
import { clearDeadClaim, holdingRelease } from './holding-release.ts';
import { inspect } from './inspect.ts';
import { makePlan, type Plan } from './plan.ts';
import { requestsSince, sumOf } from './predict-requests.ts';
import { checkWhole, publishStaged } from './publish-staged.ts';
import { type ArtifactReport, notReached, type StageReport } from './report.ts';
import { type RunProgress, runId } from './run-progress.ts';
import { stageAll } from './stage-all.ts';
import type { StagedArtifact } from './stage-artifact.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';
import { type Survey, surveyRelease } from './survey.ts';
import { unnamedObjects } from './unnamed-objects.ts';

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
  const progress: RunProgress = {
    staged: [],
    notes: [...request.warnings],
    state: 'failed',
    published: false,
    content: null,
    error: undefined,
    replicas: [],
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
      progress.notes.push(`Afterwards: ${sentences([error.message, error.hint])}`);
    } else {
      progress.error = error;
      progress.state = error instanceof Refused ? 'refused' : 'failed';
    }
  }
  await replicatePublished(request, ports, progress);
  const state = stateOfAll(progress);
  const finishedAt = ports.clock.now();
  const seconds = (finishedAt.getTime() - startedAt.getTime()) / 1000;
  ports.reporter.emit({ type: 'run-finished', release: name, state, seconds });
  const { error } = progress;
  const report: StageReport = {
    ok: state === 'published' || state === 'present',
    run: runId(request.manifestSha256, store.url),
    attempt: request.attempt,
    collection: manifest.collection,
    version: manifest.version,
    state,
    published: progress.published,
    content: progress.content,
    artifacts: allReports(manifest, progress.staged),
    stores: [{ store: store.url, state: progress.state, requests: { ...store.requests } }, ...progress.replicas],
    notes: progress.notes,
    ...(ports.state.requests === undefined
      ? {}
      : { workingState: { location: ports.state.location, requests: { ...ports.state.requests } } }),
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
  const { store, manifest } = request;
  const before = { ...store.requests };
  const survey = await surveyRelease(store, manifest, registry);
  checkRelease(manifest, survey, store.url);
  const findings = await inspect(request, survey, ports);
  const { state } = makePlan(request, survey, findings, ports.memory);
  const settings = await oddSettings(state, store);
  // The registry was read before this.
  const looked = sumOf([{ get: 1 }, requestsSince(before, store.requests)]);
  const told = { ...request, warnings: [...request.warnings, ...settings] };
  const plan = makePlan(told, survey, findings, ports.memory, looked);
  const full = await lackOfSpace(request, findings, ports);
  const replicas: ReplicaPlan[] = [];
  for (const replica of request.replicas ?? []) replicas.push(await planReplica(replica, request, plan, ports));
  const whole = replicas.length === 0 ? plan : { ...plan, replicas, requests: withReplicas(plan, replicas) };
  return full === undefined ? whole : { ...whole, publishable: false, warnings: [...plan.warnings, full.message] };
}

/** The registry and `release.json` are read for all replicas together, SHA256SUMS and RELEASE.md for new ones. */
function withReplicas({ requests }: Plan, replicas: readonly ReplicaPlan[]): Plan['requests'] {
  const records = replicas.some(({ state }) => state === 'new') ? 4 : 2;
  return sumOf([requests, { get: records }, ...replicas.map(({ reads }) => reads)]);
}

/** What makes a mirror in this store worth less; asked only where something is to be written. */
async function oddSettings(state: Plan['state'], store: Store): Promise<readonly string[]> {
  return state !== 'present' && isConfigured(store) ? await store.checkSettings() : [];
}

function isListed(registry: Registry, { collection, version }: Manifest): boolean {
  return registryEntry(registry, collection, version) !== undefined;
}

async function run(registry: Registry, request: StageRequest, ports: StagePorts, progress: RunProgress): Promise<void> {
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
  const plan = makePlan(request, survey, findings, ports.memory);
  checkBytes(plan, request.maxBytes);
  const full = await lackOfSpace(request, findings, ports);
  if (full !== undefined) throw full;
  progress.notes.push(...(await oddSettings(plan.state, store)));
  const moved = plan.artifacts.filter(({ action }) => action === 'fetch' || action === 'copy').length;
  ports.reporter.emit({ type: 'planned', artifacts: moved, bytes: plan.bytes.fetch + plan.bytes.copy });
  const kept = moved > 0 ? await forgetLost(store, manifest, survey) : survey;
  await stageAll(request, findings, ports, progress);
  const failed = progress.staged.filter(({ proven }) => proven === undefined).map(({ report }) => report);
  if (failed.some(({ required }) => required)) {
    progress.notes.push(...(await clearAfterRun(request, progress, false, ports)));
    return;
  }
  checkWhole(failed, request, kept);
  await publishStaged(request, kept, ports, progress);
  progress.notes.push(...(await clearAfterRun(request, progress, true, ports)));
}
