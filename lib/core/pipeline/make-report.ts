import type { ReportInput } from '../../contract/cloud/payloads.ts';
import { sumOf } from '../stage/predict-requests.ts';
import {
  type ArtifactReport,
  notReached,
  type ReleaseState,
  type StageReport,
  type StoreReport,
} from '../stage/report.ts';
import { gatherStaged } from './gather-staged.ts';
import { ifKnown, type KnownAttempt } from './known-attempt.ts';

/** What ended the states before, in words of its own. */
export interface RunFault {
  readonly code: string;
  readonly message: string;
  readonly hint?: string;
}

/** Code of a run whose machine ended without its last state. */
export const pipelineDied = 'PipelineDied';

/** How Step Functions tells it; undefined where nothing went wrong. */
export function faultOf(input: ReportInput): RunFault | undefined {
  if ('died' in input) {
    const { status, error, cause } = input.died;
    const why = [error, messageOf(cause)].filter((part) => part != null && part !== '').join(': ');
    return {
      code: pipelineDied,
      message: `the execution ended as ${status}${why === '' ? '' : `: ${why}`}`,
      hint: 'Submit the same manifest again: it goes on where this run ended.',
    };
  }
  if (input.error === undefined) return undefined;
  const message = messageOf(input.error.Cause) ?? 'a state of the pipeline failed';
  return { code: input.error.Error, message, hint: 'Submit the same manifest again: it goes on where this run ended.' };
}

/** A function's failure comes as JSON with a stack, which helps nobody here. */
function messageOf(cause: string | null | undefined): string | undefined {
  if (cause == null) return undefined;
  try {
    const { errorMessage } = JSON.parse(cause) as { errorMessage?: unknown };
    return typeof errorMessage === 'string' ? errorMessage : undefined;
  } catch {
    return cause.slice(0, 1000);
  }
}

/** The report of an attempt, from whatever is known of it. */
export async function makeReport(known: KnownAttempt, fault: RunFault | undefined, now: Date): Promise<StageReport> {
  const { place, manifest, submission, published, replicas, plan, taken } = known;
  const primaryState = stateOfPrimary(known);
  const stores = replicaReports(known, fault);
  const state = stateOfAll(primaryState, stores);
  const gathered = manifest && plan && (await ifKnown(() => gatherStaged({ ...known, manifest }, plan)));
  const error = errorOf(known, fault, state);
  const untold = fault !== undefined && error === undefined ? [`${fault.code}: ${fault.message}`] : [];
  const requests = sumOf([...(gathered?.requests ?? []), published?.requests ?? {}]);
  return {
    ok: state === 'published' || state === 'present',
    run: place.run,
    attempt: place.attempt,
    collection: manifest?.collection ?? 'unknown',
    version: manifest?.version ?? 'unknown',
    state,
    published: known.listed || primaryState === 'published' || primaryState === 'present',
    content: published?.content ?? null,
    artifacts: artifactsOf(
      known,
      gathered?.staged.map(({ report }) => report),
    ),
    stores: known.store === undefined ? [] : [{ store: known.store.url, state: primaryState, requests }, ...stores],
    notes: [...(plan?.notes ?? []), ...(published?.notes ?? []), ...(replicas?.notes ?? []), ...untold],
    startedAt: taken?.takenAt ?? now.toISOString(),
    finishedAt: now.toISOString(),
    publisher: place.publisher,
    ...(submission?.commit === undefined ? {} : { commit: submission.commit }),
    ...(submission?.repository === undefined ? {} : { repository: submission.repository }),
    ...(error === undefined ? {} : { error }),
  };
}

function artifactsOf({ manifest, published }: KnownAttempt, gathered: readonly ArtifactReport[] | undefined) {
  const ended = published?.staged.map(({ report }) => report) ?? gathered;
  return ended ?? manifest?.artifacts.map(notReached) ?? [];
}

function stateOfPrimary({ outcome, published }: KnownAttempt): ReleaseState {
  if (published !== undefined) return published.state;
  return outcome?.state ?? 'failed';
}

function replicaReports({ published, replicas }: KnownAttempt, fault: RunFault | undefined): readonly StoreReport[] {
  if (published === undefined || published.state === 'failed') return [];
  if (replicas !== undefined) {
    return replicas.stores.map(({ reason, ...store }) => ({ ...store, ...(reason === undefined ? {} : { reason }) }));
  }
  const reason = `the run ended before it was completed${fault === undefined ? '' : `: ${fault.message}`}`;
  const nothing = { artifacts: 0, bytes: 0 };
  return published.replicas.map((store) => ({ store, state: 'failed', requests: {}, copied: nothing, reason }));
}

function stateOfAll(primary: ReleaseState, replicas: readonly StoreReport[]): ReleaseState {
  if (primary !== 'published' && primary !== 'present') return primary;
  const states = replicas.map(({ state }) => state);
  if (!states.every((state) => state === 'published' || state === 'present')) return 'degraded';
  return states.includes('published') ? 'published' : primary;
}

/** A run that published has no error of its own: what else went wrong is said of a replica, or in a note. */
function errorOf(
  { outcome, published }: KnownAttempt,
  fault: RunFault | undefined,
  state: ReleaseState,
): StageReport['error'] {
  if (state === 'published' || state === 'present' || state === 'degraded') return undefined;
  if (outcome !== undefined) {
    const { code, message, hint } = outcome.error;
    return { code, message, ...(hint === undefined ? {} : { hint }) };
  }
  // Which artifacts failed, and why, their own entries say.
  return published === undefined ? (fault ?? ended) : undefined;
}

const ended: RunFault = { code: pipelineDied, message: 'the run ended before it published anything' };
