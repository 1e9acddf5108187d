import { type Progress, progressSchema } from '../../contract/cloud/progress.ts';
import { type AttemptPlace, progressKey, reportKey } from '../../contract/cloud/state-keys.ts';
import type { Clock } from '../clock.ts';
import { WeighbridgeError } from '../errors.ts';
import type { Reporter } from '../events.ts';
import { isPolicyReport, type RunReport } from '../pipeline/policy-report.ts';
import type { Store } from '../stores/store.ts';
import { unlessRefused } from './not-yet.ts';
import { ProgressEvents } from './progress-events.ts';
import { readRunReport } from './run-report.ts';

/** Bytes of a `progress.json` at most. */
const progressLimit = 16 << 20;

/** Seconds without a sign of the run after which it is said, once: by then an execution has begun or never will. */
const startPatience = 180;
/** Seconds without a change after which it is said: a pass of a function lasts 15 minutes at most. */
const silencePatience = 20 * 60;
/** Seconds of a network that does not answer after which the wait ends. */
const outagePatience = 15 * 60;

export interface WatchPorts {
  readonly clock: Clock;
  readonly reporter: Reporter;
  /** Ends the wait, never the run. */
  readonly signal: AbortSignal;
  /** The state bucket. */
  readonly bucket: Store;
}

/** What is known of an attempt: its report once it has ended, before that how far it is, before that nothing. */
export interface RunStanding {
  readonly progress: Progress | undefined;
  readonly report: RunReport | undefined;
}

/** Looks once. @throws StoreError, NotAuthorised where credentials cannot be used. */
export async function lookAtRun(bucket: Store, place: AttemptPlace): Promise<RunStanding> {
  // In this order: the last figures are shown before the end.
  const progress = await unlessRefused(() => readProgress(bucket, progressKey(place)));
  const report = await unlessRefused(() => readRunReport(bucket, reportKey(place)));
  return { progress, report };
}

/**
 * Follows an attempt until its report is there, telling the reporter what a run on this machine would tell.
 * @throws NotAuthorised where credentials expired for good; StoreError after 15 minutes without an answer; the
 * signal's reason.
 */
export async function watchRun(place: AttemptPlace, ports: WatchPorts): Promise<RunReport> {
  const { clock, reporter, signal, bucket } = ports;
  const events = new ProgressEvents(reporter);
  const seconds = () => clock.now().getTime() / 1000;
  const began = seconds();
  const signs = new Signs(reporter, began);
  let answeredAt = began;
  for (;;) {
    signal.throwIfAborted();
    const standing = await lookAtRun(bucket, place).catch((error: unknown) => {
      signal.throwIfAborted();
      if (!(error instanceof WeighbridgeError) || !error.retryable) throw error;
      if (seconds() - answeredAt > outagePatience) throw error;
      signs.unreachable(error);
      return undefined;
    });
    if (standing !== undefined) {
      answeredAt = seconds();
      const { progress, report } = standing;
      if (progress !== undefined) events.take(progress);
      signs.take(progress, seconds());
      if (report !== undefined) {
        reporter.emit(ending(report));
        return report;
      }
    }
    await clock.sleep(pauseAfter(seconds() - began), signal);
  }
}

/** Seconds between two looks: short runs are followed closely, long ones cost next to nothing. */
export function pauseAfter(waited: number): number {
  if (waited < 60) return 2;
  return waited < 600 ? 5 : 10;
}

/** Says, once each, what a person should know who waits. */
class Signs {
  readonly #reporter: Reporter;
  #latest = '';
  #since: number;
  #said = false;
  #cut = false;

  constructor(reporter: Reporter, began: number) {
    this.#reporter = reporter;
    this.#since = began;
  }

  take(progress: Progress | undefined, at: number): void {
    this.#cut = false;
    const latest = progress?.updatedAt ?? '';
    if (latest !== this.#latest) {
      this.#latest = latest;
      this.#since = at;
      this.#said = false;
      return;
    }
    const patience = progress === undefined ? startPatience : silencePatience;
    if (this.#said || at - this.#since < patience) return;
    this.#said = true;
    const minutes = Math.round((at - this.#since) / 60);
    this.#note(
      progress === undefined
        ? `no sign of the run for ${minutes} minutes: either it never started, or these credentials may not read its reports; see "submissions-not-started" in docs/runbook.md. Still waiting`
        : `no sign of life of the run for ${minutes} minutes; see "A run that does not end" in docs/runbook.md. Still waiting`,
    );
  }

  unreachable(error: WeighbridgeError): void {
    if (!this.#cut) this.#note(`${error.message}; the run is not touched by that. Trying again`);
    this.#cut = true;
  }

  #note(message: string): void {
    this.#reporter.emit({ type: 'note', message });
  }
}

function ending(report: RunReport) {
  const { state, startedAt, finishedAt } = report;
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  const release = isPolicyReport(report) ? 'access policy' : `${report.collection}@${report.version}`;
  return { type: 'run-finished', release, state, seconds: Number.isFinite(seconds) ? seconds : 0 } as const;
}

/** One that this version cannot read only moves no display: the report counts. */
async function readProgress(bucket: Store, key: string): Promise<Progress | undefined> {
  const found = await bucket.get(key, progressLimit);
  if (found === undefined) return undefined;
  try {
    return progressSchema.parse(JSON.parse(Buffer.from(found.bytes).toString('utf8')));
  } catch {
    return undefined;
  }
}
