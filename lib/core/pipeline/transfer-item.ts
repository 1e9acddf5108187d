import type { PassInput, PassOutput } from '../../contract/cloud/payloads.ts';
import { WeighbridgeError } from '../errors.ts';
import { StoreError } from '../stores/store.ts';
import { type Attempt, keepOutcome, openAttempt } from './attempt.ts';
import { itemName, itemSchema, outcomeName, outcomeSchema } from './attempt-documents.ts';
import { DoneRecord, keepPassFault } from './done-record.ts';
import { afterPass, type PassEnd } from './pass-end.ts';
import { asState, NoProgress } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { isOutcome } from './plan-run.ts';
import { checkStillFirst } from './release-place.ts';
import { transferPass } from './transfer-pass.ts';

/**
 * One pass over one item: works for as long as this call has time, saves, and says whether another one is needed, and
 * after how many seconds. It may be killed at any moment, and be called again or twice at once with the same input.
 * What became of an artifact is kept, not thrown; what ends the run is kept as its outcome, and the item then counts
 * as done.
 * @throws Unavailable, NotAuthorised; NoProgress when this pass and the one before got no further. The reason is kept
 * beside the item's results: other items go on.
 */
export async function transferItem(input: PassInput, ports: PipelinePorts): Promise<PassOutput> {
  return await asState(async () => {
    const attempt = await openAttempt(input, ports);
    const done: PassOutput = { ...input, idle: 0, status: 'done', wait: 0 };
    if ((await attempt.records.read(outcomeName, outcomeSchema)) !== undefined) return done;
    try {
      await checkStillFirst(ports.work, attempt.candidate);
      return afterPass(input, await work(attempt, input, ports));
    } catch (error) {
      if (error instanceof NoProgress || !isOutcome(error, ports.signal)) {
        await keepFault(attempt, input.item, error);
        throw error;
      }
      await keepOutcome(attempt.records, error);
      return done;
    }
  });
}

/** Other items go on, and the report is to say why this one did not. */
async function keepFault({ records }: Attempt, item: number, error: unknown): Promise<void> {
  if (!(error instanceof WeighbridgeError)) return;
  try {
    await keepPassFault(records, item, error);
  } catch (second) {
    // Where the working state is what does not answer, the first error says it.
    if (!(second instanceof WeighbridgeError)) throw second;
  }
}

async function work(attempt: Attempt, { item, idle }: PassInput, ports: PipelinePorts): Promise<PassEnd> {
  const document = await attempt.records.read(itemName(item), itemSchema);
  if (document === undefined) throw new StoreError(`item ${item} of attempt ${attempt.place.attempt} is not there`);
  const record = await DoneRecord.open(attempt.records, item, ports.clock);
  return await transferPass(attempt, { item, idle, document, record }, ports);
}
