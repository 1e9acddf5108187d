import { billedAlarms } from '../../contract/cloud/alarms.ts';
import { prices } from '../../contract/cloud/prices.ts';
import { exitCodes } from '../../contract/exit-codes.ts';
import { idleMonth } from '../../core/cost/idle-cost.ts';
import { type CostAssumptions, part, releaseCost } from '../../core/cost/release-cost.ts';
import type { CommandRun } from '../command-context.ts';
import { assumptionLines, bill, costSummary } from '../cost-summary.ts';
import { readDeployment } from '../load-deployment.ts';
import { loadManifests } from '../staging/load-manifest.ts';

interface CostOptions {
  readonly env?: string;
  readonly downloads?: number;
  readonly releasesPerMonth?: number;
}

export const run: CommandRun = async (context, input) => {
  const { env, downloads = 100, releasesPerMonth = 1 } = input.options as CostOptions;
  const { file } = context.configuration;
  const deployment = readDeployment(file, { environment: env, cwd: context.cwd });
  const assumptions: CostAssumptions = { downloads, releasesPerMonth };
  if (input.args.length === 0) {
    const idle = part(idleMonth(deployment, billedAlarms(deployment), prices));
    if (context.json) context.printJson({ idleMonth: idle });
    else
      for (const line of bill('a month in which nothing is staged and nothing read, beside storage', idle))
        context.print(line);
    return exitCodes.done;
  }
  const loaded = await loadManifests(context, input.args);
  const costs = loaded.map(({ manifest }) => releaseCost(manifest, deployment, assumptions, prices));
  if (context.json) {
    context.printJson(costs.length === 1 ? { ...costs[0], assumptions } : { costs, assumptions });
    return exitCodes.done;
  }
  for (const cost of costs) for (const line of costSummary(cost, assumptions)) context.print(line);
  for (const line of assumptionLines(assumptions)) context.print(line);
  return exitCodes.done;
};
