import { type PassInput, type PassOutput, type PlanInput, passInput } from '../../../lib/contract/cloud/payloads.ts';
import { workPrefix } from '../../../lib/contract/cloud/state-keys.ts';
import { WeighbridgeError } from '../../../lib/core/errors.ts';
import { planRun } from '../../../lib/core/pipeline/plan-run.ts';
import { isPolicyReport } from '../../../lib/core/pipeline/policy-report.ts';
import { publishReplicas } from '../../../lib/core/pipeline/publish-replicas.ts';
import { publishRun } from '../../../lib/core/pipeline/publish-run.ts';
import { replicateItem } from '../../../lib/core/pipeline/replicate-item.ts';
import { type ReportedRun, reportRun } from '../../../lib/core/pipeline/report-run.ts';
import { transferItem } from '../../../lib/core/pipeline/transfer-item.ts';
import type { StageReport } from '../../../lib/core/stage/report.ts';
import type { PipelineFixture } from './pipeline-fixture.ts';

type State = 'plan' | 'transfer' | 'publish' | 'replicate' | 'publish-replicas' | 'report';

export interface DriveOptions {
  /** Called before every call of a function. */
  readonly before?: (state: State, fixture: PipelineFixture) => void | Promise<void>;
  /** Called with what a pass returned. */
  readonly after?: (output: PassOutput) => void;
  /** Calls of one state that may fail with an error of which the state machine tries again. */
  readonly retries?: number;
}

export interface DrivenRun {
  readonly reported: (ReportedRun & { readonly report: StageReport | undefined }) | undefined;
  /** How many items the first state made. */
  readonly items: number;
  readonly passes: number;
}

/** Passes of one item at most. */
const mostPasses = 200;

/** Plays the state machine: calls the functions in its order, tries again what it would, and catches what it would. */
export async function driveRun(
  fixture: PipelineFixture,
  input: PlanInput,
  options: DriveOptions = {},
): Promise<DrivenRun> {
  let items = 0;
  let passes = 0;
  const call = async <T>(state: State, work: () => Promise<T>): Promise<T> => {
    for (let tries = 0; ; tries += 1) {
      await options.before?.(state, fixture);
      try {
        return await work();
      } catch (error) {
        if (tries >= (options.retries ?? 3) || !isRetried(error)) throw error;
      }
    }
  };
  const eachItem = async (name: 'transfer' | 'replicate', key: string, pass: typeof transferItem) => {
    for (const line of await itemLines(fixture, key)) {
      let next: PassInput = line;
      for (let count = 0; ; count += 1) {
        if (count >= mostPasses) throw new Error(`${name} does not come to an end`);
        const output = await call(name, () => pass(passInput.parse(next), fixture.ports())).catch((error: unknown) => {
          // The map tolerates items that fail: what is missing shows when the run is published.
          if (error instanceof WeighbridgeError) return undefined;
          throw error;
        });
        if (output === undefined) break;
        options.after?.(output);
        passes += 1;
        if (output.status === 'done') break;
        next = output;
      }
    }
  };
  const planned = await call('plan', () => planRun(input, fixture.ports()));
  const { publisher, run, attempt } = planned;
  const pointer = { publisher, run, attempt };
  if (planned.next === 'duplicate') return { reported: undefined, items, passes };
  let error: { Error: string; Cause: string } | undefined;
  try {
    if (planned.items !== undefined) {
      items = planned.items.count;
      await eachItem('transfer', planned.items.key, transferItem);
    }
    if (planned.next !== 'report') {
      const published = await call('publish', () => publishRun(pointer, fixture.ports()));
      if (published.items !== undefined) await eachItem('replicate', published.items.key, replicateItem);
      if (published.next !== 'report') await call('publish-replicas', () => publishReplicas(pointer, fixture.ports()));
    }
  } catch (thrown) {
    if (!(thrown instanceof Error)) throw thrown;
    error = { Error: thrown.name, Cause: JSON.stringify({ errorMessage: thrown.message, trace: [thrown.stack] }) };
  }
  const reported = await call('report', () =>
    reportRun({ ...pointer, ...(error === undefined ? {} : { error }) }, fixture.ports()),
  );
  const { report } = reported;
  if (report !== undefined && isPolicyReport(report)) throw new Error('a policy was submitted, not a manifest');
  return { reported: { ...reported, report }, items, passes };
}

/** What a function that was killed ends with; the state machine calls it again. */
export class Killed extends Error {
  override readonly name = 'Sandbox.Timedout';
}

function isRetried(error: unknown): boolean {
  return error instanceof Error && (error.name === 'Unavailable' || error instanceof Killed);
}

async function itemLines(fixture: PipelineFixture, key: string): Promise<readonly PassInput[]> {
  const found = await fixture.working.get(key.slice(workPrefix.length), 1 << 20);
  const text = Buffer.from(found?.bytes ?? []).toString();
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => passInput.parse(JSON.parse(line)));
}
