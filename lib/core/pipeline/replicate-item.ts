import type { PassInput, PassOutput } from '../../contract/cloud/payloads.ts';
import { replicaName } from '../../contract/cloud/replica-rules.ts';
import { Refused, WeighbridgeError } from '../errors.ts';
import { sentences } from '../sentences.ts';
import { type Requests, requestsSince } from '../stage/predict-requests.ts';
import { StoreError } from '../stores/store.ts';
import { type Attempt, openAttempt, stagePorts } from './attempt.ts';
import { replicaFaultName, replicaFaultSchema, replicaItemName, replicaItemSchema } from './attempt-documents.ts';
import { ItemReporter } from './item-reporter.ts';
import { passTime } from './pass-time.ts';
import { asState, PassEnded } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { ProgressBoard } from './progress-board.ts';
import { replicatePass } from './replicate-pass.ts';
import { ReplicatedRecord } from './replicated-record.ts';
import { watchedWork } from './watched-work.ts';

/** Passes that may get no further, one after the other, before the replica counts as gone. */
const idlePasses = 2;
/** Seconds until a replica that gave trouble is tried again. */
const troublePause = 10;

/**
 * One pass over one item of what a replica lacks. A replica that cannot be used degrades the run and ends nothing
 * else: why is kept for the report, and its items then count as done.
 * @throws Unavailable when the working state or the primary does not answer.
 */
export async function replicateItem(input: PassInput, ports: PipelinePorts): Promise<PassOutput> {
  return await asState(async () => {
    const attempt = await openAttempt(input, ports);
    const item = await attempt.records.read(replicaItemName(input.item), replicaItemSchema);
    if (item === undefined) throw new StoreError(`copies ${input.item} of attempt ${input.attempt} are not there`);
    const done: PassOutput = { ...input, idle: 0, status: 'done', wait: 0 };
    if ((await attempt.records.read(replicaFaultName(item.replica), replicaFaultSchema)) !== undefined) return done;
    const record = await ReplicatedRecord.open(attempt.records, input.item, item.replica, ports.clock);
    const pending = item.files.filter((file) => !record.isEnded(file));
    if (pending.length === 0) return done;
    const { progress, trouble } = await pass(attempt, input, { replica: item.replica, pending, record }, ports);
    if (item.files.every((file) => record.isEnded(file))) return done;
    const idle = progress ? 0 : input.idle + 1;
    if (trouble instanceof WeighbridgeError && (!isPassing(trouble) || idle >= idlePasses)) {
      await keepFault(attempt, item.replica, trouble);
      return done;
    }
    if (idle >= idlePasses) {
      await keepFault(attempt, item.replica, new StoreError(`${item.replica} got no further in ${idle} passes`));
      return done;
    }
    return { ...input, idle, status: 'continue', wait: trouble === undefined ? 0 : troublePause };
  });
}

interface ReplicaItem {
  readonly replica: string;
  readonly pending: readonly string[];
  readonly record: ReplicatedRecord;
}

/** `trouble`: what kept this pass from its end, other than time. */
async function pass(
  attempt: Attempt,
  input: PassInput,
  { replica, pending, record }: ReplicaItem,
  ports: PipelinePorts,
): Promise<{ readonly progress: boolean; readonly trouble: unknown }> {
  const board = new ProgressBoard(attempt.place, ports);
  const reporter = new ItemReporter(`${replica}-${input.item}`, record.before, board);
  board.tell({ phase: 'replicate' });
  const time = passTime(ports.secondsLeft, ports.configuration.pipeline.timeoutSeconds, ports);
  const furthest = new Map<string, number>();
  let trouble: unknown;
  let asked = (): Requests => ({});
  try {
    const store = await ports.openReplica(replicaName.parse(replica), attempt.manifest.access);
    if (store === undefined)
      throw new StoreError(`this deployment has no ${replica} for ${attempt.manifest.access} releases`);
    const before = { ...store.requests };
    asked = () => requestsSince(before, store.requests);
    const engine = stagePorts(attempt, ports, {
      reporter,
      signal: time.signal,
      state: watchedWork(ports.work, async () => undefined, furthest),
      ...(input.idle > 0 ? { ranges: 1 } : {}),
    });
    trouble = await replicatePass(attempt, { name: replica, store }, pending, engine, record);
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    if (!(error instanceof PassEnded)) trouble = error;
  } finally {
    time.close();
    reporter.pause();
    await board.close();
  }
  return { progress: await record.close(furthest, asked()), trouble };
}

/** May another pass have it no more? */
function isPassing(error: WeighbridgeError): boolean {
  return error.retryable || error.name === 'TransferTakenOver';
}

async function keepFault({ records }: Attempt, replica: string, error: WeighbridgeError): Promise<void> {
  const state = error instanceof Refused ? 'refused' : 'failed';
  const reason = sentences([error.message, error.hint]);
  await records.createOnce(replicaFaultName(replica), { format: 1, state, reason }, replicaFaultSchema);
}
