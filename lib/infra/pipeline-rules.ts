import { Duration } from 'aws-cdk-lib';
import * as events from 'aws-cdk-lib/aws-events';
import * as targets from 'aws-cdk-lib/aws-events-targets';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { Construct } from 'constructs';
import { pipelineErrors } from '../contract/cloud/pipeline-errors.ts';
import { submissionsPrefix } from '../contract/cloud/state-keys.ts';

/** As long as EventBridge tries at all: a submission must not be lost to an hour's fault. */
const patience = { maxEventAge: Duration.hours(24), retryAttempts: 185 };

/** Each submission that is put into the state bucket starts an execution. Events may come twice; Plan sees to that. */
export function startOnSubmission(
  scope: Construct,
  state: s3.IBucket,
  stateMachine: sfn.IStateMachine,
  deadLetterQueue: sqs.IQueue,
): events.Rule {
  return new events.Rule(scope, 'OnSubmission', {
    description: 'Weighbridge: starts the pipeline for each submission',
    eventPattern: {
      source: ['aws.s3'],
      detailType: ['Object Created'],
      detail: { bucket: { name: [state.bucketName] }, object: { key: [{ prefix: submissionsPrefix }] } },
    },
    targets: [
      new targets.SfnStateMachine(stateMachine, {
        input: events.RuleTargetInput.fromObject({
          bucket: events.EventField.fromPath('$.detail.bucket.name'),
          key: events.EventField.fromPath('$.detail.object.key'),
          versionId: events.EventField.fromPath('$.detail.object.version-id'),
        }),
        deadLetterQueue,
        ...patience,
      }),
    ],
  });
}

/** Of an execution that ended without its report, Report is told. One that failed by its last state has reported. */
export function reportWhatDied(
  scope: Construct,
  stateMachine: sfn.IStateMachine,
  report: lambda.IFunction,
  deadLetterQueue: sqs.IQueue,
): events.Rule {
  return new events.Rule(scope, 'OnDeath', {
    description: 'Weighbridge: reports runs whose execution died, ran out of time or was stopped',
    eventPattern: {
      source: ['aws.states'],
      detailType: ['Step Functions Execution Status Change'],
      detail: {
        status: ['FAILED', 'TIMED_OUT', 'ABORTED'],
        stateMachineArn: [stateMachine.stateMachineArn],
        // Null where the execution ran out of time or was stopped.
        error: events.Match.anyOf(
          events.Match.anythingBut(pipelineErrors.runFailed),
          events.Match.nullValue(),
          events.Match.doesNotExist(),
        ),
      },
    },
    targets: [
      new targets.LambdaFunction(report, {
        event: events.RuleTargetInput.fromObject({
          // As a whole: a field that an event lacks would leave a hole in the document, which is then never delivered.
          died: events.EventField.fromPath('$.detail'),
        }),
        deadLetterQueue,
        ...patience,
      }),
    ],
  });
}
