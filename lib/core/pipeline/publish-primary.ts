import { WeighbridgeError } from '../errors.ts';
import { silentReporter } from '../events.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import { sentences } from '../sentences.ts';
import { checkRelease } from '../stage/check-release.ts';
import { clearAfterRun } from '../stage/clear-after-run.ts';
import { requestsSince, sumOf } from '../stage/predict-requests.ts';
import { checkWhole, publishStaged } from '../stage/publish-staged.ts';
import type { RunProgress } from '../stage/run-progress.ts';
import type { StagePorts, StageRequest } from '../stage/stage-ports.ts';
import { type Survey, surveyRelease } from '../stage/survey.ts';
import { StoreError } from '../stores/store.ts';
import { type Attempt, stagePorts } from './attempt.ts';
import { type PlanDocument, type PublishedDocument, planName, planSchema } from './attempt-documents.ts';
import { compareStaged } from './compare-staged.ts';
import { gatherStaged } from './gather-staged.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { checkStillFirst } from './release-place.ts';
import { toStagedDocument } from './staged-document.ts';

/** What the primary came to, before anybody looked at replicas. */
export type PrimaryOutcome = Omit<PublishedDocument, 'format' | 'replicas' | 'replicaItems'>;

/**
 * Publishes what the transfers proved, if nothing required is missing, and clears up. Calling it again after it died
 * anywhere completes what it began.
 * @throws Superseded, Refused, MirrorDamaged, StoreError: why there is no release.
 */
export async function publishPrimary(attempt: Attempt, ports: PipelinePorts): Promise<PrimaryOutcome> {
  const { manifest, store, records } = attempt;
  const plan = await records.read(planName, planSchema);
  if (plan === undefined) throw new StoreError(`attempt ${attempt.place.attempt} has no plan, or it has expired`);
  const before = { ...store.requests };
  const gathered = await gatherStaged(attempt, plan);
  const { registry } = await claimStore(store, manifest.access, ports.clock);
  const survey = await surveyRelease(store, manifest, registry);
  // Whose set of files is decided finishes, whatever came since.
  if (survey.sums === undefined) await checkStillFirst(ports.work, attempt.candidate);
  checkRelease(manifest, survey, store.url);
  const engine = stagePorts(attempt, ports, { reporter: silentReporter, signal: ports.signal });
  const listed = survey.release !== undefined && registryEntry(registry, manifest.collection, manifest.version);
  const progress: RunProgress = {
    staged: await compareStaged(gathered.staged, survey, store),
    notes: [],
    state: 'failed',
    published: Boolean(listed),
    content: survey.release?.record.content ?? null,
    error: undefined,
    replicas: [],
  };
  // A call that died after it had published meets its own release, from which nothing was gone.
  const request = { ...attempt.request, repairs: plan.state !== 'new' };
  await publishOrNot(request, survey, engine, progress);
  return {
    state: stateOf(progress, plan, survey, attempt),
    content: progress.content,
    staged: progress.staged.map(toStagedDocument),
    notes: progress.notes,
    requests: sumOf([requestsSince(before, store.requests)]) as PrimaryOutcome['requests'],
  };
}

async function publishOrNot(
  request: StageRequest,
  survey: Survey,
  engine: StagePorts,
  progress: RunProgress,
): Promise<void> {
  const failed = progress.staged.filter(({ proven }) => proven === undefined).map(({ report }) => report);
  if (failed.some(({ required }) => required)) {
    progress.notes.push(...(await clearAfterRun(request, progress, false, engine)));
    return;
  }
  checkWhole(failed, request, survey);
  await publishStaged(request, survey, engine, progress);
  try {
    progress.notes.push(...(await clearAfterRun(request, progress, true, engine)));
  } catch (error) {
    engine.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    // What was published stays so, whatever went wrong while clearing up.
    progress.notes.push(`Afterwards: ${sentences([error.message, error.hint])}`);
  }
}

/** A call that died after it had published, and is made again, finds its own release: it is not "present" for that. */
function stateOf(
  { state }: RunProgress,
  plan: PlanDocument,
  survey: Survey,
  { place }: Attempt,
): PrimaryOutcome['state'] {
  if (state === 'present') {
    return plan.state === 'new' && survey.release?.record.run === place.run ? 'published' : 'present';
  }
  return state === 'published' ? 'published' : 'failed';
}
