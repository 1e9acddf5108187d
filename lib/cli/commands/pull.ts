import { resolve } from 'node:path';
import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { NotFound } from '../../core/errors.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { parseReleaseRef } from '../../core/mirror/release-ref.ts';
import { pullRelease } from '../../core/pull/pull-release.ts';
import type { PulledFile, PullReport } from '../../core/pull/pull-report.ts';
import { alignedRows } from '../aligned-rows.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { openMirror } from '../open-mirror.ts';
import { formatBytes, formatDuration } from '../progress/quantities.ts';
import { timeLimit } from '../time-limit.ts';

interface PullOptions {
  readonly from?: string;
  readonly into?: string;
  readonly check?: boolean;
  readonly force?: boolean;
  readonly offline?: boolean;
  /** Seconds. */
  readonly timeout?: number;
}

export const run: CommandRun = async (context, input) => {
  const [release = '', ...names] = input.args;
  const options: PullOptions = input.options;
  const ref = parseReleaseRef(release);
  const skip = context.environment.skipDownload;
  const local = skip || options.offline === true;
  const time = timeLimit(options.timeout)?.signal;
  try {
    const report = await pullRelease({
      reader: local ? undefined : await openMirror(context, options.from, '--from'),
      ref,
      names,
      folder: options.into === undefined ? context.environment.cache : resolve(context.cwd, options.into),
      layout: options.into === undefined ? 'cache' : 'flat',
      check: options.check === true,
      force: options.force === true,
      concurrency: context.configuration.concurrency ?? 4,
      clock: context.clock,
      reporter: context.reporter,
      signal: time === undefined ? context.signal : AbortSignal.any([context.signal, time]),
    });
    if (context.json) context.printJson(report);
    else show(context, report, options);
    return exitOf(report, { skip, named: names.length > 0 }, options);
  } catch (error) {
    if (time?.aborted === true && !context.signal.aborted) throw time.reason;
    // Skipped by the switch: not having it is what was asked for, so it gets its own code.
    if (!skip || !(error instanceof NotFound)) throw error;
    if (context.json) context.printJson({ error: { code: error.name, message: error.message } });
    else context.say(`weighbridge: ${error.message} (WEIGHBRIDGE_SKIP_DOWNLOAD is set: nothing is fetched)`);
    return exitCodes.skipped;
  }
};

function exitOf(
  report: PullReport,
  { skip, named }: { readonly skip: boolean; readonly named: boolean },
  options: PullOptions,
): ExitCode {
  if (report.ok) return exitCodes.done;
  if (skip) return exitCodes.skipped;
  const failed = report.files.filter((file) => file.required && !isRight(file));
  if (failed.every(({ code }) => code === 'NotAuthorised')) return exitCodes.unauthorised;
  if (named && failed.every(({ code }) => code === 'NotFound')) return exitCodes.notFound;
  return options.offline === true && options.check !== true ? exitCodes.notFound : exitCodes.failed;
}

function show(context: CommandContext, report: PullReport, options: PullOptions): void {
  for (const warning of report.warnings) context.say(`warning: ${escapeUnsafe(warning)}`);
  if (options.check === true) {
    const rows = report.files.map(({ state, file, required }) => [
      state,
      escapeUnsafe(file),
      required ? '' : 'optional',
    ]);
    for (const line of alignedRows(rows)) context.print(line);
    return;
  }
  const right = report.files.filter(isRight);
  // Without --into the paths are what the caller needs; with it they are known.
  if (options.into === undefined) for (const { path } of right) context.print(path);
  for (const file of report.files) if (!isRight(file)) context.say(problemOf(file));
  if (right.length > 0 && report.files.some(({ code }) => code === 'NotFound')) {
    context.say(
      `note: where a grant covers some files alone, weighbridge url ${report.release} lists them: name those`,
    );
  }
  const fetched = report.files.filter(({ state }) => state === 'fetched').length;
  const words = [
    `${report.release}: ${right.length} of ${report.files.length} ${report.files.length === 1 ? 'file' : 'files'} proven`,
    `${fetched} fetched (${formatBytes(report.bytesFetched)}) in ${formatDuration(report.seconds)}`,
  ];
  if (options.into === undefined) context.say(words.join(', '));
  else context.print(words.join(', '));
}

function isRight({ state }: PulledFile): boolean {
  return state === 'valid' || state === 'present' || state === 'fetched';
}

const wording: Readonly<Record<string, string>> = {
  missing: 'is not here',
  pointer: 'is a Git LFS pointer, not the file it stands for',
  size: 'has another size',
  digest: 'holds other bytes',
};

function problemOf({ file, state, reason, required }: PulledFile): string {
  const words = state === 'failed' ? `failed: ${reason}` : (wording[state] ?? state);
  return escapeUnsafe(`${required ? 'error' : 'warning: optional'}: ${file} ${words}`);
}
