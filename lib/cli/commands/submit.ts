import { exitCodes } from '../../contract/exit-codes.ts';
import { UsageError } from '../../core/errors.ts';
import type { Access } from '../../core/manifest/manifest.ts';
import { isPolicyReport } from '../../core/pipeline/policy-report.ts';
import { choosePublisher } from '../../core/submit/choose-publisher.ts';
import { SentFiles } from '../../core/submit/sent-files.ts';
import { cloudBuckets } from '../cloud/cloud-buckets.ts';
import { bucketUrl, cloudPlace } from '../cloud/cloud-place.ts';
import { fileOrigin } from '../cloud/file-origin.ts';
import { forgetUnsent } from '../cloud/forget-unsent.ts';
import { RunSummary, saysNothing } from '../cloud/run-summary.ts';
import type { Submitting } from '../cloud/send-submission.ts';
import { checkManifest, submitManifest } from '../cloud/submit-manifest.ts';
import { repeatedOptions, type WaitOptions } from '../cloud/submit-options.ts';
import { checkPolicy, submitPolicy } from '../cloud/submit-policy.ts';
import { type AwaitedRun, statusCommand, waitForRuns } from '../cloud/wait-for-runs.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { asWeighbridgeError, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import { loadSubmissions } from '../staging/load-submissions.ts';
import { statePlace } from '../staging/open-state.ts';
import { checkReportPlace } from '../staging/save-report.ts';
import { timeLimit } from '../time-limit.ts';

/** Options of `submit` alone. */
interface SubmitOptions extends WaitOptions {
  readonly summary?: string;
  readonly hidePrivate?: boolean;
}

export const run: CommandRun = async (given, input) => {
  const options = input.options as SubmitOptions;
  const { hidePrivate = false } = options;
  if (options.summary !== undefined && options.wait !== true) {
    throw new UsageError('--summary needs --wait: it is made of the report');
  }
  if (options.report !== undefined && options.wait !== true) {
    throw new UsageError('--report needs --wait: the report is there when the run has ended', {
      hint: 'Add --wait, or fetch it later with `weighbridge status RUN --report FILE`.',
    });
  }
  await checkReportPlace(given, options.report);
  // All of it is looked at before anything is sent: a mistake in the last manifest must not be found after hours.
  const { manifests: loaded, policy } = await loadSubmissions(given, input.args);
  checkNamedOnce(loaded);
  // Collections that a policy names are private.
  const anyPrivate = policy !== undefined || loaded.some(({ manifest }) => manifest.access === 'private');
  const context = hidePrivate && anyPrivate ? saysNothing(given) : given;
  const summary = new RunSummary(options.summary, hidePrivate);
  const place = await cloudPlace(context, options.env);
  const checked = await Promise.all(
    loaded.map(async (one) => ({ loaded: one, origin: await fileOrigin(context, one.file) })),
  );
  const checkedPolicy = policy && { loaded: policy, origin: await fileOrigin(context, policy.file) };
  const { publishers, cloud } = place.deployment;
  const { repository } = (checkedPolicy ?? checked[0])?.origin ?? {};
  const publisher = choosePublisher(publishers, options.publisher, repository, policy !== undefined);
  const buckets = cloudBuckets(context, place);
  const limit = timeLimit(options.timeout);
  const signal = limit === undefined ? context.signal : AbortSignal.any([context.signal, limit.signal]);
  try {
    const state = await statePlace(context, options.state, mirrorsOf(context)).open();
    const submitting: Submitting = {
      ...{ place, publisher, state, signal },
      bucket: await buckets.state(),
      inbox: await buckets.inbox(),
      sent: new SentFiles(state, context.clock, cloud.retention.stateDays),
    };
    for (const one of checked) checkManifest(context, one, submitting);
    if (checkedPolicy !== undefined) checkPolicy(context, checkedPolicy, submitting);
    // The policy first: what it takes away from somebody is not to wait for files to be sent.
    const sends = [
      ...(checkedPolicy === undefined ? [] : [() => submitPolicy(context, checkedPolicy, submitting)]),
      ...checked.map((one) => () => submitManifest(context, one, submitting)),
    ];
    const runs: AwaitedRun[] = [];
    const repeated = repeatedOptions(
      options,
      context.configuration.file === 'weighbridge.yaml' ? undefined : context.configuration.file,
    );
    try {
      for (const send of sends) {
        runs.push(await send());
        if (!context.json) tell(context, runs.at(-1), publisher.name, repeated, options.wait === true);
      }
    } catch (error) {
      // Those before it are on their way, which must not be lost with it.
      if (runs.length === 0) throw signal.aborted ? signal.reason : error;
      const ended = asWeighbridgeError(signal.aborted ? signal.reason : error);
      if (context.json) context.printJson({ submitted: runs, ...errorDocument(ended) });
      else for (const line of errorLines(ended)) context.say(line);
      return exitCodeOf(ended);
    }
    if (options.wait !== true) {
      if (context.json) context.printJson({ submitted: runs });
      return exitCodes.done;
    }
    const exit = await waitForRuns(context, {
      ...{ runs, bucket: submitting.bucket, signal, report: options.report, options: repeated },
      async onReport(awaited, report) {
        summary.add(report, accessOf(loaded, awaited));
        if (!isPolicyReport(report)) await forgetUnsent(awaited.publisher, report, submitting);
      },
    });
    const written = await summary.write(given);
    return written || exit > exitCodes.failed ? exit : exitCodes.failed;
  } finally {
    limit?.stop();
    await buckets.access.close();
  }

  function mirrorsOf({ configuration }: CommandContext): readonly string[] {
    const { stores } = configuration;
    const own = (['public', 'private'] as const).map((access) => bucketUrl(place, access));
    return [...own, ...Object.values(stores).flatMap(({ primary, replicas }) => [primary, ...replicas])];
  }
};

/** Private where nothing says so: then no name is told. */
function accessOf(loaded: readonly LoadedManifest[], { release }: AwaitedRun): Access {
  const one = loaded.find(({ manifest }) => `${manifest.collection}@${manifest.version}` === release);
  return one?.manifest.access ?? 'private';
}

/** Where to look. With `--wait` the result follows, and this is for whoever is cut off from it. */
function tell(
  context: CommandContext,
  run: AwaitedRun | undefined,
  publisher: string,
  options: string,
  waits: boolean,
): void {
  if (run === undefined) return;
  const line = waits ? context.say : context.print;
  line(`${run.release} submitted as ${publisher}: run ${run.run}, attempt ${run.attempt}`);
  line(`  ${statusCommand(run, options)}`);
}

/** The later one would supersede the earlier one. @throws UsageError */
function checkNamedOnce(loaded: readonly LoadedManifest[]): void {
  const seen = new Map<string, string>();
  for (const { file, manifest } of loaded) {
    const release = `${manifest.collection}@${manifest.version}`;
    const before = seen.get(release);
    if (before !== undefined)
      throw new UsageError(`${before} and ${file} are both ${release}`, { hint: 'Submit one of them.' });
    seen.set(release, file);
  }
}
