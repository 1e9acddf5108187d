import { type ExitCode, exitCodes } from '../../contract/exit-codes.ts';
import { UsageError } from '../../core/errors.ts';
import { readRegistry } from '../../core/registry/registry-file.ts';
import type { Plan } from '../../core/stage/plan.ts';
import { planRelease } from '../../core/stage/stage-release.ts';
import type { CloudPlanning } from '../cloud/cloud-planning.ts';
import type { CommandContext, CommandInput, CommandRun } from '../command-context.ts';
import { asWeighbridgeError, type ErrorDocument, errorDocument, errorLines, exitCodeOf } from '../error-output.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import { loadSubmissions } from '../staging/load-submissions.ts';
import { openStaging, type Staging, type StagingOptions, stagingOptions } from '../staging/open-staging.ts';
import { type PlannedManifest, planMarkdown } from '../staging/plan-markdown.ts';
import { policyPlan, policyPlanSummary } from '../staging/policy-summary.ts';
import { stageRequest } from '../staging/run-stage.ts';
import { planSummary } from '../staging/stage-summary.ts';

interface PlanOptions extends StagingOptions {
  readonly cloud?: boolean;
  readonly env?: string;
  readonly markdown?: boolean;
  readonly hidePrivate?: boolean;
}

/** A release that cannot be planned, among several. */
type FailedPlan = ErrorDocument & { readonly collection: string; readonly version: string };

export const run: CommandRun = async (given, input) => {
  const options = stagingOptions(input);
  const { markdown = false, hidePrivate = false } = markdownOf(given, input);
  const { manifests: loaded, policy } = await loadSubmissions(given, input.args);
  const cloud = await cloudOf(given, input);
  const costOf = cloud && markdown ? await costing(given, input) : undefined;
  const context = cloud?.context ?? given;
  const staging = openStaging(context, options);
  const plans: (Plan | FailedPlan)[] = [];
  const planned: PlannedManifest[] = [];
  let exit: ExitCode = exitCodes.done;
  const worse = (code: ExitCode) => {
    exit = code > exit ? code : exit;
  };
  try {
    for (const one of loaded) {
      try {
        const plan = await planOne(context, one, options, staging, cloud);
        plans.push(plan);
        planned.push({ manifest: one.manifest, plan, ...costOf?.(one, plan) });
        const lacking = plan.replicas?.some(({ state }) => state === 'unusable') === true;
        if (!plan.publishable || lacking) worse(exitCodes.failed);
        if (!context.json && !markdown) for (const line of planSummary(plan)) context.print(line);
      } catch (thrown) {
        // One that is refused says nothing about the others.
        if ((input.args.length === 1 && !markdown) || context.signal.aborted) throw thrown;
        const error = asWeighbridgeError(thrown);
        const { collection, version, access } = one.manifest;
        plans.push({ collection, version, ...errorDocument(error) });
        planned.push({ manifest: one.manifest, plan: error });
        worse(exitCodeOf(error));
        const hidden = hidePrivate && access === 'private';
        if (!context.json && !hidden) for (const line of errorLines(error)) context.say(line);
      }
    }
  } finally {
    await staging.close();
    await cloud?.close();
  }
  const ofPolicy = policy && policyPlan(policy);
  if (ofPolicy !== undefined && !context.json && !markdown) {
    for (const line of policyPlanSummary(ofPolicy)) context.print(line);
  }
  if (markdown) context.print(planMarkdown(planned, { hidePrivate, policy: ofPolicy }));
  const all = [...plans, ...(ofPolicy === undefined ? [] : [ofPolicy])];
  if (context.json) context.printJson(all.length === 1 ? all[0] : { plans: all });
  return exit;
};

async function planOne(
  context: CommandContext,
  one: LoadedManifest,
  options: StagingOptions,
  staging: Staging,
  cloud: CloudPlanning | undefined,
): Promise<Plan> {
  const request = await stageRequest(context, one, cloud?.optionsFor(one.manifest, options) ?? options);
  const stored = await readRegistry(request.store);
  const startedAt = context.clock.now().getTime();
  const own = await staging.portsFor(one, new Map());
  const ports = (await cloud?.portsFor(one, own)) ?? own;
  const planned = await planRelease(request, stored?.registry, ports);
  const plan = cloud?.told(one.manifest, planned) ?? planned;
  endProgress(context, plan, (context.clock.now().getTime() - startedAt) / 1000);
  return plan;
}

/** With `--cloud`. @throws UsageError for options that do not go with it. */
async function cloudOf(context: CommandContext, { options }: CommandInput): Promise<CloudPlanning | undefined> {
  const { cloud, env, to, replica } = options as PlanOptions;
  if (cloud !== true) {
    if (env !== undefined) throw new UsageError('--env needs --cloud: it is about what is deployed');
    return undefined;
  }
  if (to !== undefined || replica !== undefined) {
    throw new UsageError('--cloud plans for the mirrors of the deployment; --to and --replica name others');
  }
  const { openCloudPlanning } = await import('../cloud/cloud-planning.ts');
  return await openCloudPlanning(context, env);
}

/** @throws UsageError for options that do not go with one another. */
function markdownOf(context: CommandContext, { options }: CommandInput): PlanOptions {
  const { markdown, hidePrivate } = options as PlanOptions;
  if (markdown && context.json)
    throw new UsageError('--markdown and --json both say what is printed: give one of them');
  if (hidePrivate && !markdown) throw new UsageError('--hide-private needs --markdown: it is about what that prints');
  return options as PlanOptions;
}

/** What each plan would cost in the deployment that `--cloud` and `--env` name. */
async function costing(
  { configuration, cwd }: CommandContext,
  { options }: CommandInput,
): Promise<(one: LoadedManifest, plan: Plan) => Pick<PlannedManifest, 'cost'>> {
  const [{ loadDeployment }, { planCost }] = await Promise.all([
    import('../load-deployment.ts'),
    import('../cloud/plan-cost.ts'),
  ]);
  const deployment = loadDeployment(configuration.file, { environment: (options as PlanOptions).env, cwd });
  return ({ manifest }, plan) => ({ cost: planCost(deployment, manifest, plan) });
}

/** What the plan says of an artifact is not said by the progress as well. */
function endProgress({ reporter }: CommandContext, plan: Plan, seconds: number): void {
  for (const { id, reason } of plan.artifacts) {
    if (reason !== '') reporter.emit({ type: 'artifact-finished', id, state: 'unresolved', bytes: 0, reason });
  }
  reporter.emit({ type: 'run-finished', release: `${plan.collection}@${plan.version}`, state: 'done', seconds });
}
