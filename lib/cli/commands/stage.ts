import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import type { StageReport } from '../../core/stage/report.ts';
import type { CommandRun } from '../command-context.ts';
import { errorLines } from '../error-output.ts';
import { loadManifest } from '../staging/load-manifest.ts';
import { openStaging, stagingOptions } from '../staging/open-staging.ts';
import { runStage } from '../staging/run-stage.ts';
import { writeReport } from '../staging/save-report.ts';
import { readSignedSources } from '../staging/signed-sources.ts';
import { stageSummary } from '../staging/stage-summary.ts';

export const run: CommandRun = async (context, input) => {
  const options = stagingOptions(input);
  // All manifests are read before anything is staged: a mistake in the last one must not be found after hours.
  const loaded = await Promise.all(input.args.map((file) => loadManifest(context, file)));
  const signed = await readSignedSources(
    (input.options.source as readonly string[] | undefined) ?? [],
    loaded.map(({ manifest }) => manifest),
    process.stdin,
  );
  const staging = openStaging(context, options);
  const reports: StageReport[] = [];
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
  } finally {
    await staging.close();
  }
  const document = reports.length === 1 ? reports[0] : { reports };
  if (options.report !== undefined) await writeReport(context, options.report, document);
  if (context.json) context.printJson(document);
  return exit;
};
