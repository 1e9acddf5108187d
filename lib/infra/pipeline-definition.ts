import { Duration } from 'aws-cdk-lib';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import * as tasks from 'aws-cdk-lib/aws-stepfunctions-tasks';
import type { Construct } from 'constructs';
import type { PipelineHandler } from '../contract/cloud/handlers.ts';
import { pipelineErrors, retriedErrors } from '../contract/cloud/pipeline-errors.ts';
import type { HandlerFunction } from './handler-function.ts';
import { ItemsReader, ResultsWriter } from './map-storage.ts';

export interface PipelineDefinitionProps {
  readonly functions: Readonly<Record<PipelineHandler, HandlerFunction>>;
  /** The state bucket. */
  readonly state: s3.IBucket;
  /** Items of one run that are worked on at the same time. */
  readonly concurrency: number;
}

/**
 * The states of a run, with the payloads of `lib/contract/cloud/payloads.ts`:
 *
 *     Plan → TransferAll[Transfer ⟲] → Publish → ReplicateAll[Replicate ⟲] → PublishReplicas → Report → Done | RunFailed
 *
 * What fails goes to Report, which says so. Report itself is caught by nothing: then the execution fails, and the rule
 * on failed executions calls it again.
 */
export function pipelineDefinition(scope: Construct, props: PipelineDefinitionProps): sfn.IChainable {
  const { functions } = props;
  const invoke = (id: string, handler: PipelineHandler, more: Partial<tasks.LambdaInvokeProps> = {}) =>
    invokeHandler(scope, id, functions[handler].function, more);

  const done = new sfn.Succeed(scope, 'Done');
  const report = invoke('Report', 'report').next(
    new sfn.Choice(scope, 'ReportNext')
      .when(sfn.Condition.booleanEquals('$.ok', true), done)
      // What a later submission took the place of did nothing wrong, and raises no alarm.
      .when(sfn.Condition.stringEquals('$.state', 'superseded'), done)
      .when(
        sfn.Condition.booleanEquals('$.ok', false),
        new sfn.Fail(scope, 'RunFailed', {
          error: pipelineErrors.runFailed,
          cause: 'The run did not publish what it should; its report in the state bucket says why.',
        }),
      ),
  );
  const caught: sfn.CatchProps = { errors: [sfn.Errors.ALL], resultPath: '$.error' };

  const publishReplicas = invoke('PublishReplicas', 'publish-replicas', { resultPath: sfn.JsonPath.DISCARD })
    .addCatch(report, caught)
    .next(report);
  const replicateAll = mapItems(scope, 'Replicate', invoke('Replicate', 'replicate'), props)
    .addCatch(report, caught)
    .next(publishReplicas);
  const publish = invoke('Publish', 'publish')
    .addCatch(report, caught)
    .next(
      new sfn.Choice(scope, 'PublishNext')
        .when(sfn.Condition.stringEquals('$.next', 'replicate'), replicateAll)
        .when(sfn.Condition.stringEquals('$.next', 'publish-replicas'), publishReplicas)
        .when(sfn.Condition.stringEquals('$.next', 'report'), report),
    );
  const transferAll = mapItems(scope, 'Transfer', invoke('Transfer', 'transfer'), props)
    .addCatch(report, caught)
    .next(publish);

  return invoke('Plan', 'plan', { payload: planPayload })
    .addCatch(unplanned(scope).next(report), caught)
    .next(
      new sfn.Choice(scope, 'PlanNext')
        .when(sfn.Condition.stringEquals('$.next', 'transfer'), transferAll)
        .when(sfn.Condition.stringEquals('$.next', 'publish'), publish)
        .when(sfn.Condition.stringEquals('$.next', 'report'), report)
        .when(sfn.Condition.stringEquals('$.next', 'duplicate'), new sfn.Succeed(scope, 'Duplicate')),
    );
}

/** What the event rule gave, and which execution this is: the same event may start two. */
const planPayload = sfn.TaskInput.fromObject({
  bucket: sfn.JsonPath.stringAt('$.bucket'),
  key: sfn.JsonPath.stringAt('$.key'),
  versionId: sfn.JsonPath.stringAt('$.versionId'),
  execution: sfn.JsonPath.executionId,
});

/** Without a plan nobody knows the attempt yet: Report gets what it would get if the execution had died. */
function unplanned(scope: Construct): sfn.Pass {
  return new sfn.Pass(scope, 'Unplanned', {
    parameters: {
      died: {
        executionArn: sfn.JsonPath.executionId,
        status: 'FAILED',
        input: sfn.JsonPath.jsonToString(sfn.JsonPath.objectAt('$$.Execution.Input')),
        error: sfn.JsonPath.stringAt('$.error.Error'),
        cause: sfn.JsonPath.stringAt('$.error.Cause'),
      },
    },
  });
}

/** A function that is called again for the errors of `retriedErrors`, which pass, and for no others. */
function invokeHandler(
  scope: Construct,
  id: string,
  handler: lambda.Function,
  more: Partial<tasks.LambdaInvokeProps>,
): tasks.LambdaInvoke {
  const { timeout = Duration.minutes(15) } = handler;
  const task = new tasks.LambdaInvoke(scope, id, {
    lambdaFunction: handler,
    payloadResponseOnly: true,
    retryOnServiceExceptions: false,
    // Lambda ends it before; a call whose answer got lost is made again.
    taskTimeout: sfn.Timeout.duration(timeout.plus(Duration.minutes(1))),
    ...more,
  });
  task.addRetry({
    errors: [...retriedErrors],
    interval: Duration.seconds(2),
    backoffRate: 2,
    maxDelay: Duration.minutes(2),
    maxAttempts: 8,
    jitterStrategy: sfn.JitterType.FULL,
  });
  return task;
}

/**
 * Calls a function for each item, again and again until the item is done. An item that fails is told by its record in
 * the state bucket and fails nothing here: Publish and Report see what is missing.
 *
 * Retries are those of the function: one of the Map would begin with all items anew. A pass takes 9 events of a child's
 * history and each retry 3 more, so that of the 25,000 which Step Functions allows there are enough for 2,700 passes.
 * The largest object of S3, 48.8 TiB, takes 760 at 66 GiB a pass of 15 minutes.
 */
function mapItems(
  scope: Construct,
  name: 'Transfer' | 'Replicate',
  pass: tasks.LambdaInvoke,
  { state, concurrency }: PipelineDefinitionProps,
): sfn.DistributedMap {
  const wait = new sfn.Wait(scope, `${name}Wait`, { time: sfn.WaitTime.secondsPath('$.wait') });
  const again = new sfn.Choice(scope, `${name}Next`)
    .when(sfn.Condition.stringEquals('$.status', 'continue'), wait.next(pass))
    .when(
      sfn.Condition.stringEquals('$.status', 'done'),
      new sfn.Succeed(scope, `${name}Done`, { outputPath: sfn.JsonPath.DISCARD }),
    );
  return new sfn.DistributedMap(scope, `${name}All`, {
    label: name,
    itemReader: new ItemsReader(state),
    resultWriterV2: new ResultsWriter(state),
    maxConcurrency: concurrency,
    toleratedFailurePercentage: 100,
    resultPath: sfn.JsonPath.DISCARD,
    mapExecutionType: sfn.StateMachineType.STANDARD,
  }).itemProcessor(pass.next(again));
}
