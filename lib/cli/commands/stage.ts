import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import type { WeighbridgeError } from '../../core/errors.ts';
import type { StageReport } from '../../core/stage/report.ts';
import type { CommandRun } from '../command-context.ts';
import { asWeighbridgeError, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import { chooseStores } from '../staging/choose-stores.ts';
import { loadManifests } from '../staging/load-manifest.ts';
import { openStaging, stagingOptions } from '../staging/open-staging.ts';
import { runStage } from '../staging/run-stage.ts';
import { checkReportPlace, writeReport } from '../staging/save-report.ts';
import { readSignedSources } from '../staging/signed-sources.ts';
import { stageSummary } from '../staging/stage-summary.ts';

export const run: CommandRun = async (context, input) => {
  const options = stagingOptions(input);
  // All of it is looked at before anything is staged: a mistake in the last manifest must not be found after hours.
  const loaded = await loadManifests(context, input.args);
  for (const { manifest } of loaded) await chooseStores(context, manifest.access, options);
  await checkReportPlace(context, options.report);
  const signed = await readSignedSources(
    (input.options.source as readonly string[] | undefined) ?? [],
    loaded.map(({ manifest }) => manifest),
    process.stdin,
    context.signal,
  );
  const staging = openStaging(context, options);
  const reports: StageReport[] = [];
  let ended: WeighbridgeError | undefined;
  let exit: ExitCode = exitCodes.done;
  try {
    for (const one of loaded) {
      const result = await runStage(context, one, signed, staging, options);
      reports.push(result.report);
      exit = result.exit > exit ? result.exit : exit;
      if (!context.json) {
        for (const line of stageSummary(result.report)) context.print(line);
        if (result.error !== undefined) for (const line of errorLines(result.error)) context.say(line);
      }
      if (result.exit === exitCodes.interrupted) break;
    }
  } catch (error) {
    // What was done before must not be lost with it.
    if (reports.length === 0) throw error;
    ended = asWeighbridgeError(context.signal.aborted ? context.signal.reason : error);
  } finally {
    await staging.close();
  }
  if (ended !== undefined) {
    exit = exitCodeOf(ended) > exit ? exitCodeOf(ended) : exit;
    if (!context.json) for (const line of errorLines(ended)) context.say(line);
  }
  const document =
    ended === undefined && loaded.length === 1
      ? reports[0]
      : { reports, ...(ended === undefined ? {} : errorDocument(ended)) };
  if (context.json) context.printJson(document);
  const written = await writeReport(context, options.report, document);
  return written || exit > exitCodes.failed ? exit : exitCodes.failed;
};
