import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { Interrupted, type WeighbridgeError } from '../../core/errors.ts';
import type { RunReport } from '../../core/pipeline/policy-report.ts';
import type { Store } from '../../core/stores/store.ts';
import { watchRun } from '../../core/submit/watch-run.ts';
import type { CommandContext } from '../command-context.ts';
import { asWeighbridgeError, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import { writeReport } from '../staging/save-report.ts';
import { exitOfReport } from './report-exit.ts';
import { showReport } from './show-report.ts';

/** A run in the cloud that is waited for. */
export interface AwaitedRun extends AttemptPlace {
  /** `collection@version`, or `access policy`. */
  readonly release: string;
}

export interface WaitRequest {
  readonly runs: readonly AwaitedRun[];
  /** The state bucket. */
  readonly bucket: Store;
  /** Ends the wait. */
  readonly signal: AbortSignal;
  /** `--report FILE`. */
  readonly report: string | undefined;
  /** Options that the command to look needs, such as `--env prod`. */
  readonly options: string;
  /** Called with every report that came. */
  onReport(run: AwaitedRun, report: RunReport): Promise<void>;
}

/**
 * Shows run after run until all have ended: they work at the same time, so that the later ones are over sooner.
 * What ends the wait does not end a run; then it is said how to look.
 */
export async function waitForRuns(context: CommandContext, request: WaitRequest): Promise<ExitCode> {
  const { runs, bucket, signal } = request;
  const reports: RunReport[] = [];
  let exit: ExitCode = exitCodes.done;
  let ended: WeighbridgeError | undefined;
  for (const run of runs) {
    try {
      const report = await watchRun(run, { clock: context.clock, reporter: context.reporter, signal, bucket });
      reports.push(report);
      exit = Math.max(exit, exitOfReport(report)) as ExitCode;
      if (!context.json) showReport(context, report);
      await request.onReport(run, report);
    } catch (error) {
      ended = leftAlone(asWeighbridgeError(signal.aborted ? signal.reason : error));
      break;
    }
  }
  if (ended !== undefined) exit = Math.max(exit, exitCodeOf(ended)) as ExitCode;
  const document =
    ended === undefined && runs.length === 1
      ? reports[0]
      : { reports, ...(ended === undefined ? {} : { waiting: runs.slice(reports.length), ...errorDocument(ended) }) };
  if (ended !== undefined) {
    if (!context.json) for (const line of errorLines(ended)) context.say(line);
    for (const line of goesOn(runs.slice(reports.length), request.options)) context.say(line);
  }
  if (context.json) context.printJson(document);
  const written = await writeReport(context, request.report, document);
  return written || exit > exitCodes.failed ? exit : exitCodes.failed;
}

/** What Ctrl-C and `--timeout` end is the wait: submitting again, as their usual hint says, is not what to do. */
function leftAlone(error: WeighbridgeError): WeighbridgeError {
  return error instanceof Interrupted ? new Interrupted(error.message) : error;
}

/** What goes on without anybody looking, and how to look. */
function goesOn(left: readonly AwaitedRun[], options: string): readonly string[] {
  return left.map((run) => `${run.release} goes on in the cloud; to look: ${statusCommand(run, options)}`);
}

/** The command that shows an attempt. */
export function statusCommand({ run, attempt }: AttemptPlace, options: string): string {
  return `weighbridge status ${run}/${attempt}${options}`;
}
