import pLimit from 'p-limit';
import type { PlanInput, PlanOutput } from '../../contract/cloud/payloads.ts';
import { itemsName, parseSubmissionKey, workPrefix } from '../../contract/cloud/state-keys.ts';
import { type Submission, submissionSchema } from '../../contract/cloud/submission.ts';
import { NotAuthorised, Refused, WeighbridgeError } from '../errors.ts';
import { releaseName } from '../mirror/release-ref.ts';
import { type Attempt, assemble, keepOutcome, openStore, parseSubmitted, takeAttempt } from './attempt.ts';
import {
  itemName,
  outcomeName,
  outcomeSchema,
  type PlanDocument,
  planName,
  planSchema,
  submissionName,
} from './attempt-documents.ts';
import { AttemptRecords } from './attempt-records.ts';
import { checkPublisher, checkRun, checkSources } from './check-submission.ts';
import { ItemReporter } from './item-reporter.ts';
import { asState, isServiceFault } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { planTransfers } from './plan-transfers.ts';
import { ProgressBoard } from './progress-board.ts';
import { publishPolicy } from './publish-policy.ts';
import { readSubmission } from './read-submission.ts';
import { enterRelease } from './release-place.ts';

/** Items written at the same time. */
const writes = 16;

/**
 * The first state: takes the attempt, judges the submission, and plans what is to be moved; of an access policy there is
 * nothing to move, and it holds when this returns. What is wrong with the
 * submission is kept as the run's outcome, for its report; only faults of services and of the deployment are thrown.
 * Calling it again with the same input gives the same answer.
 * @throws Unavailable, NotAuthorised; Refused when the key is none of a submission.
 */
export async function planRun(input: PlanInput, ports: PipelinePorts): Promise<PlanOutput> {
  return await asState(async () => {
    const place = parseSubmissionKey(input.key);
    if (place === undefined || input.bucket !== ports.stateBucket) {
      throw new Refused('wrong-submission', `${input.key} of ${input.bucket} is no submission to this deployment`);
    }
    const records = new AttemptRecords(ports.work, place);
    const { execution } = input;
    const taken = await takeAttempt(records, input, place, ports.clock);
    if (taken.execution !== execution || taken.publisher !== place.publisher) return { ...place, next: 'duplicate' };
    if ((await records.read(outcomeName, outcomeSchema)) !== undefined) return { ...place, next: 'report' };
    try {
      const known = await records.read(submissionName, submissionSchema);
      const submission = known ?? (await readSubmission(ports.state, input));
      if (submission.kind === 'policy') {
        await publishPolicy({ submission, place, records }, ports);
        return { ...place, next: 'report' };
      }
      const attempt = await judge(submission, place, records, ports);
      const plan = (await records.read(planName, planSchema)) ?? (await makePlan(attempt, taken.takenAt, ports));
      return await shareOut(plan, attempt, ports);
    } catch (error) {
      if (!isOutcome(error, ports.signal)) throw error;
      await keepOutcome(records, error);
      return { ...place, next: 'report' };
    }
  });
}

/** What the submission's author can be told, unlike faults of services or of roles. */
export function isOutcome(error: unknown, signal: AbortSignal): error is WeighbridgeError {
  signal.throwIfAborted();
  return error instanceof WeighbridgeError && !isServiceFault(error) && !(error instanceof NotAuthorised);
}

async function judge(
  submission: Submission,
  place: NonNullable<ReturnType<typeof parseSubmissionKey>>,
  records: AttemptRecords,
  ports: PipelinePorts,
): Promise<Attempt> {
  const submitted = parseSubmitted(submission, ports.configuration);
  checkPublisher(submitted.manifest, place, ports.configuration);
  const store = await openStore(submitted.manifest, ports);
  checkRun(submitted.sha256, store, place, 'manifest');
  await checkSources(submitted.manifest, ports);
  await records.createOnce(submissionName, submission, submissionSchema);
  const attempt = assemble(place, records, submitted, store, ports);
  await enterRelease(ports.work, attempt.candidate, ports.clock.now());
  return attempt;
}

async function makePlan(attempt: Attempt, startedAt: string, ports: PipelinePorts): Promise<PlanDocument> {
  const { manifest, place, records } = attempt;
  const board = new ProgressBoard(place, ports);
  await board.begin({
    release: releaseName(manifest.collection, manifest.version),
    access: manifest.access,
    artifacts: manifest.artifacts.length,
    startedAt,
  });
  try {
    const plan = await planTransfers(
      attempt,
      ports,
      new ItemReporter(undefined, { finished: 0, failed: 0, bytes: 0 }, board),
    );
    const moved = plan.items.flatMap(({ artifacts }) => artifacts);
    const bytes = moved.reduce((sum, { size }) => sum + (size ?? 0), 0);
    board.tell({ toMove: { artifacts: moved.length, bytes }, notes: plan.notes });
    return await records.createOnce(planName, plan, planSchema);
  } finally {
    await board.close();
  }
}

/** Items are what the plan that was kept says, whoever made it: two calls at once write the same. */
async function shareOut(plan: PlanDocument, attempt: Attempt, ports: PipelinePorts): Promise<PlanOutput> {
  const { place, records } = attempt;
  const { items } = plan;
  if (items.length === 0) return { ...place, next: 'publish' };
  const writing = pLimit(writes);
  await Promise.all(
    items.map((item, number) => writing(() => records.createText(itemName(number), JSON.stringify(item)))),
  );
  const lines = items.map((_, item) => `${JSON.stringify({ ...place, item, idle: 0 })}\n`);
  await records.createText('transfer.jsonl', lines.join(''));
  const key = workPrefix + itemsName(place, 'transfer');
  return { ...place, next: 'transfer', items: { bucket: ports.stateBucket, key, count: items.length } };
}
