import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { readRegistry } from '../../core/registry/registry-file.ts';
import type { Plan } from '../../core/stage/plan.ts';
import { planRelease } from '../../core/stage/stage-release.ts';
import type { CommandRun } from '../command-context.ts';
import { loadManifest } from '../staging/load-manifest.ts';
import { openStaging, stagingOptions } from '../staging/open-staging.ts';
import { stageRequest } from '../staging/run-stage.ts';
import { planSummary } from '../staging/stage-summary.ts';

export const run: CommandRun = async (context, input) => {
  const options = stagingOptions(input);
  const loaded = await Promise.all(input.args.map((file) => loadManifest(context, file)));
  const staging = openStaging(context, options);
  const plans: Plan[] = [];
  let exit: ExitCode = exitCodes.done;
  try {
    for (const one of loaded) {
      const request = await stageRequest(context, one, options);
      const stored = await readRegistry(request.store);
      const plan = await planRelease(request, stored?.registry, await staging.portsFor(one, new Map()));
      plans.push(plan);
      if (!plan.publishable) exit = exitCodes.failed;
      if (!context.json) for (const line of planSummary(plan)) context.print(line);
    }
  } finally {
    await staging.close();
  }
  if (context.json) context.printJson(plans.length === 1 ? plans[0] : { plans });
  return exit;
};
