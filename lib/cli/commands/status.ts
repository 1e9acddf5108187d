import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import { exitCodes } from '../../contract/exit-codes.ts';
import { NotFound, UsageError } from '../../core/errors.ts';
import { isPolicyReport } from '../../core/pipeline/policy-report.ts';
import type { Store } from '../../core/stores/store.ts';
import { latestAttempt } from '../../core/submit/find-attempt.ts';
import { SentFiles } from '../../core/submit/sent-files.ts';
import { rememberedRuns, type SubmittedRun } from '../../core/submit/submitted-runs.ts';
import { lookAtRun, type RunStanding } from '../../core/submit/watch-run.ts';
import { cloudBuckets } from '../cloud/cloud-buckets.ts';
import { type CloudPlace, cloudPlace } from '../cloud/cloud-place.ts';
import { forgetUnsent } from '../cloud/forget-unsent.ts';
import { exitOfReport } from '../cloud/report-exit.ts';
import { runningSummary } from '../cloud/running-summary.ts';
import { showReport } from '../cloud/show-report.ts';
import { repeatedOptions, type WaitOptions } from '../cloud/submit-options.ts';
import { waitForRuns } from '../cloud/wait-for-runs.ts';
import type { CommandRun } from '../command-context.ts';
import { statePlace } from '../staging/open-state.ts';
import { checkReportPlace, writeReport } from '../staging/save-report.ts';
import { timeLimit } from '../time-limit.ts';

export const run: CommandRun = async (context, input) => {
  const options = input.options as WaitOptions;
  const wanted = parseRun(input.args[0] ?? '');
  await checkReportPlace(context, options.report);
  const place = await cloudPlace(context, options.env);
  const buckets = cloudBuckets(context, place);
  const limit = timeLimit(options.timeout);
  try {
    const bucket = await buckets.state();
    const state = await statePlace(context, options.state, []).open();
    const sent = new SentFiles(state, context.clock, place.deployment.cloud.retention.stateDays);
    const memory = { bucket, state, sent };
    const remembered = (await rememberedRuns(state, wanted.run)).filter((one) => one.bucket === bucket.url);
    const publishers = publishersOf(place, options.publisher);
    const found = await find(bucket, wanted, publishers, remembered);
    const release = remembered.find(({ attempt }) => attempt === found.attempt)?.release ?? found.run;
    if (options.wait === true) {
      const signal = limit === undefined ? context.signal : AbortSignal.any([context.signal, limit.signal]);
      const repeated = repeatedOptions(options, undefined);
      const request = { runs: [{ ...found, release }], bucket, signal, report: options.report, options: repeated };
      return await waitForRuns(context, {
        ...request,
        async onReport(run, report) {
          if (!isPolicyReport(report)) await forgetUnsent(run.publisher, report, memory);
        },
      });
    }
    const { report, progress } = await lookAtRun(bucket, found);
    const { publisher, run, attempt } = found;
    if (report === undefined) {
      const state = progress === undefined ? 'submitted' : 'running';
      const document = { run, attempt, publisher, release: progress?.release ?? release, state, progress };
      if (context.json) context.printJson(document);
      else for (const line of runningSummary(document)) context.print(line);
      return exitCodes.notFound;
    }
    if (context.json) context.printJson(report);
    else showReport(context, report);
    if (!isPolicyReport(report)) await forgetUnsent(publisher, report, memory);
    const exit = exitOfReport(report);
    const written = await writeReport(context, options.report, report);
    return written || exit > exitCodes.failed ? exit : exitCodes.failed;
  } finally {
    limit?.stop();
    await buckets.access.close();
  }
};

interface WantedRun {
  readonly run: string;
  readonly attempt: string | undefined;
}

/** @throws UsageError */
function parseRun(text: string): WantedRun {
  const [, run, attempt] = /^([0-9a-f]{32})(?:\/([0-9A-HJKMNP-TV-Z]{26}))?$/.exec(text) ?? [];
  if (run !== undefined) return { run, attempt };
  throw new UsageError(`${JSON.stringify(text)} is no run`, {
    hint: 'Give what `submit` printed: RUN or RUN/ATTEMPT, the run being 32 hex digits.',
  });
}

/** @throws UsageError where the one that is named is not there. */
function publishersOf({ deployment }: CloudPlace, named: string | undefined): readonly string[] {
  const names = Object.keys(deployment.publishers);
  if (named === undefined) return names;
  if (names.includes(named)) return [named];
  throw new UsageError(`there is no publisher ${JSON.stringify(named)}`, { hint: `There are ${names.join(', ')}.` });
}

/** @throws NotFound */
async function find(
  bucket: Store,
  { run, attempt }: WantedRun,
  publishers: readonly string[],
  remembered: readonly SubmittedRun[],
): Promise<AttemptPlace> {
  const own = remembered.findLast((one) => attempt === undefined || one.attempt === attempt);
  if (attempt === undefined) {
    const listed = await latestAttempt(bucket, publishers, run);
    const latest = [listed, own].filter((one) => one !== undefined).sort((a, b) => (a.attempt < b.attempt ? 1 : -1))[0];
    if (latest !== undefined) return latest;
  } else {
    if (own !== undefined) return own;
    for (const publisher of publishers) {
      if (isThere(await lookAtRun(bucket, { publisher, run, attempt }))) return { publisher, run, attempt };
    }
  }
  throw new NotFound(`nothing is known of ${attempt === undefined ? run : `${run}/${attempt}`} in ${bucket.url}`, {
    hint: 'Check --env. A publisher sees its own runs; reports and working state expire after cloud.retention.stateDays.',
  });
}

function isThere({ progress, report }: RunStanding): boolean {
  return progress !== undefined || report !== undefined;
}
