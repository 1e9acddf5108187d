import type { WeighbridgeError } from '../errors.ts';
import { requestsSince } from '../stage/predict-requests.ts';
import type { StagedArtifact } from '../stage/stage-artifact.ts';
import type { Lease } from '../state/lease.ts';
import { TransferTakenOver } from '../transfer/checkpoint-writer.ts';
import { type Attempt, stagePorts } from './attempt.ts';
import type { ItemDocument, ItemEntry } from './attempt-documents.ts';
import type { DoneRecord } from './done-record.ts';
import { ItemReporter } from './item-reporter.ts';
import type { PassEnd } from './pass-end.ts';
import { nextPause, queuePatience, upstreamPatience } from './pass-pauses.ts';
import { type PassTime, passTime } from './pass-time.ts';
import { PassEnded, UpstreamThrottled } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { ProgressBoard } from './progress-board.ts';
import { checkStillFirst } from './release-place.ts';
import { stagePending } from './stage-pending.ts';
import { throttledSource } from './throttled-source.ts';
import { takeSlot } from './upstream-slots.ts';
import { watchedWork } from './watched-work.ts';

/** Seconds that a pass sleeps for upstream rather than end. */
const longestSleep = 20;
/** Seconds for an upstream that refuses and does not say for how long. */
const refusedPause = 60;

export interface PassItem {
  readonly item: number;
  /** Passes before this one, without a pause, that got no further. */
  readonly idle: number;
  readonly document: ItemDocument;
  readonly record: DoneRecord;
}

/**
 * Works on the artifacts of an item that no pass has ended yet.
 * @throws what ends the run, and what the services did; everything that was done until then is saved.
 */
export async function transferPass(attempt: Attempt, passItem: PassItem, ports: PipelinePorts): Promise<PassEnd> {
  const { document, record, item } = passItem;
  const pending = document.artifacts.filter(({ id }) => !isFinished(record, id) && attempt.specs.has(id));
  if (pending.length === 0) return { done: true, progress: true };
  const board = new ProgressBoard(attempt.place, ports);
  const reporter = new ItemReporter(String(item), before(record), board);
  board.tell({ phase: 'transfer' });
  const time = passTime(ports.secondsLeft, ports.configuration.pipeline.timeoutSeconds, ports);
  let slot: Lease | undefined;
  try {
    if (document.upstream !== null) {
      slot = await takeSlot(ports.work, document.upstream, {
        slots: ports.configuration.pipeline.perUpstream,
        owner: { host: 'function', pid: 0, attempt: `${attempt.place.attempt}/${item}` },
        clock: ports.clock,
      });
      if (slot === undefined) return await waitForSlot(passItem, reporter);
      slot.lost.addEventListener('abort', () => time.end(new PassEnded('its slot was lost')), { once: true });
    }
    return await transferPending(attempt, passItem, pending, { time, reporter }, ports);
  } finally {
    time.close();
    await slot?.release();
    await board.close();
  }
}

async function waitForSlot({ document, record }: PassItem, reporter: ItemReporter): Promise<PassEnd> {
  const queue = nextPause(record.document.queued);
  const { queued } = await record.close({ spent: {}, furthest: new Map(), wait: 0, queue, requests: {} });
  reporter.pause(`waits for its turn at ${document.upstream}`);
  return { done: false, progress: false, ...(queued > queuePatience ? {} : { wait: queue }) };
}

interface PassTools {
  readonly time: PassTime;
  readonly reporter: ItemReporter;
}

async function transferPending(
  attempt: Attempt,
  { record, idle }: PassItem,
  pending: readonly ItemEntry[],
  { time, reporter }: PassTools,
  ports: PipelinePorts,
): Promise<PassEnd> {
  const { store } = attempt;
  const asked = { ...store.requests };
  const began = ports.clock.now().getTime();
  const furthest = new Map<string, number>();
  const fetched = new Map<string, number>();
  const stillFirst = () => checkStillFirst(ports.work, attempt.candidate);
  const { waited } = record.document;
  const patient = waited < upstreamPatience;
  const engine = stagePorts(attempt, ports, {
    reporter,
    signal: time.signal,
    state: watchedWork(ports.work, stillFirst, furthest),
    // Parts that share the line end together: where no pass ended one, the next gives the line to one after the other.
    ...(idle > 0 ? { ranges: 1 } : {}),
    around: (source) => (patient ? throttledSource(source, () => Math.min(longestSleep, time.left()), pause) : source),
    countFetched: (id, bytes) => fetched.set(id, (fetched.get(id) ?? 0) + bytes),
  });
  const troubles: WeighbridgeError[] = [];
  let ended = 0;
  let refusals = 0;
  const onStaged = (staged: StagedArtifact) => {
    if (staged.error instanceof TransferTakenOver || staged.error?.retryable === true) troubles.push(staged.error);
    // Upstream said too often "later" without saying when; the pass after this one asks again.
    else if (patient && isThrottled(staged)) refusals += 1;
    else {
      ended += 1;
      fetched.delete(staged.report.id);
      record.add(staged);
    }
  };
  const thrown = await stagePending(attempt, pending, engine, onStaged).then(
    () => undefined,
    (error: unknown) => error,
  );
  const wait = patient ? waitAfter(thrown, { taken: troubles.length > 0, refused: refusals > 0, waited }) : undefined;
  const seconds = (ports.clock.now().getTime() - began) / 1000;
  const spent = Object.fromEntries([...fetched].map(([id, bytesFetched]) => [id, { bytesFetched, seconds }]));
  const earlier = record.document.furthest;
  const progress = ended > 0 || [...furthest].some(([key, offset]) => offset > (earlier[key] ?? 0));
  const requests = requestsSince(asked, store.requests);
  const after = await record.close({ spent, furthest, wait: wait ?? 0, queue: 0, requests });
  ports.signal.throwIfAborted();
  if (thrown !== undefined && !(thrown instanceof PassEnded || thrown instanceof UpstreamThrottled)) throw thrown;
  reporter.pause(thrown instanceof UpstreamThrottled ? thrown.message : undefined);
  const done = pending.every(({ id }) => after.finished.some(({ report }) => report.id === id));
  const trouble = troubles.find((error) => !(error instanceof TransferTakenOver));
  if (!done && !progress && trouble !== undefined) throw trouble;
  return { done, progress, ...(wait === undefined ? {} : { wait }) };
}

function pause(error: Error, seconds: number): UpstreamThrottled {
  return new UpstreamThrottled(error.message, Math.ceil(seconds), { cause: error });
}

function isThrottled({ proven, report }: StagedArtifact): boolean {
  return proven === undefined && report.attempts.some(({ outcome }) => outcome === 'rate-limited');
}

function waitAfter(
  thrown: unknown,
  { taken, refused, waited }: { readonly taken: boolean; readonly refused: boolean; readonly waited: number },
): number | undefined {
  if (thrown instanceof UpstreamThrottled) return Math.ceil(thrown.wait + Math.random() * 5);
  if (refused) return refusedPause;
  return taken ? nextPause(waited) : undefined;
}

function isFinished(record: DoneRecord, id: string): boolean {
  return record.document.finished.some(({ report }) => report.id === id);
}

function before({ document: { finished } }: DoneRecord) {
  const failed = finished.filter(({ proven }) => proven === undefined).length;
  const bytes = finished.reduce((sum, { proven }) => sum + (proven?.stat.size ?? 0), 0);
  return { finished: finished.length, failed, bytes };
}
