import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { readRegistry } from '../../core/registry/registry-file.ts';
import type { Plan } from '../../core/stage/plan.ts';
import { planRelease } from '../../core/stage/stage-release.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { asWeighbridgeError, type ErrorDocument, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import { type LoadedManifest, loadManifests } from '../staging/load-manifest.ts';
import { openStaging, type Staging, type StagingOptions, stagingOptions } from '../staging/open-staging.ts';
import { stageRequest } from '../staging/run-stage.ts';
import { planSummary } from '../staging/stage-summary.ts';

/** A release that cannot be planned, among several. */
type FailedPlan = ErrorDocument & { readonly collection: string; readonly version: string };

export const run: CommandRun = async (context, input) => {
  const options = stagingOptions(input);
  const loaded = await loadManifests(context, input.args);
  const staging = openStaging(context, options);
  const plans: (Plan | FailedPlan)[] = [];
  let exit: ExitCode = exitCodes.done;
  const worse = (code: ExitCode) => {
    exit = code > exit ? code : exit;
  };
  try {
    for (const one of loaded) {
      try {
        const plan = await planOne(context, one, options, staging);
        plans.push(plan);
        const lacking = plan.replicas?.some(({ state }) => state === 'unusable') === true;
        if (!plan.publishable || lacking) worse(exitCodes.failed);
        if (!context.json) for (const line of planSummary(plan)) context.print(line);
      } catch (thrown) {
        // One that is refused says nothing about the others.
        if (loaded.length === 1 || context.signal.aborted) throw thrown;
        const error = asWeighbridgeError(thrown);
        const { collection, version } = one.manifest;
        plans.push({ collection, version, ...errorDocument(error) });
        worse(exitCodeOf(error));
        if (!context.json) for (const line of errorLines(error)) context.say(line);
      }
    }
  } finally {
    await staging.close();
  }
  if (context.json) context.printJson(loaded.length === 1 ? plans[0] : { plans });
  return exit;
};

async function planOne(
  context: CommandContext,
  one: LoadedManifest,
  options: StagingOptions,
  staging: Staging,
): Promise<Plan> {
  const request = await stageRequest(context, one, options);
  const stored = await readRegistry(request.store);
  const startedAt = context.clock.now().getTime();
  const plan = await planRelease(request, stored?.registry, await staging.portsFor(one, new Map()));
  endProgress(context, plan, (context.clock.now().getTime() - startedAt) / 1000);
  return plan;
}

/** What the plan says of an artifact is not said by the progress as well. */
function endProgress({ reporter }: CommandContext, plan: Plan, seconds: number): void {
  for (const { id, reason } of plan.artifacts) {
    if (reason !== '') reporter.emit({ type: 'artifact-finished', id, state: 'unresolved', bytes: 0, reason });
  }
  reporter.emit({ type: 'run-finished', release: `${plan.collection}@${plan.version}`, state: 'done', seconds });
}
