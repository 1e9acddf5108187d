import { Arn, ArnFormat, Duration, Names, RemovalPolicy, Stack } from 'aws-cdk-lib';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as logs from 'aws-cdk-lib/aws-logs';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { Construct } from 'constructs';
import type { PipelineHandler } from '../contract/cloud/handlers.ts';
import { acknowledge, acknowledgeWildcardBelow } from './acknowledge.ts';
import { given } from './given.ts';
import type { HandlerFunction } from './handler-function.ts';
import { mapWildcards } from './map-storage.ts';
import { pipelineDefinition } from './pipeline-definition.ts';

export interface PipelineStateMachineProps {
  readonly functions: Readonly<Record<PipelineHandler, HandlerFunction>>;
  /** The state bucket. */
  readonly state: s3.IBucket;
  readonly concurrency: number;
  readonly timeout: Duration | undefined;
  readonly encryptionKey: kms.IKey | undefined;
  readonly logRetention: logs.RetentionDays | undefined;
}

/** The state machine of the pipeline and the group that it logs errors to, without what passes between its states. */
export function pipelineStateMachine(
  scope: Construct,
  props: PipelineStateMachineProps,
): { readonly stateMachine: sfn.StateMachine; readonly logGroup: logs.LogGroup } {
  const { functions, state, concurrency, timeout = Duration.days(13) } = props;
  const logGroup = logGroupOf(scope, props);
  const definition = pipelineDefinition(new Construct(scope, 'States'), { functions, state, concurrency });
  const stateMachine = new sfn.StateMachine(scope, 'StateMachine', {
    comment: 'Weighbridge: from a submission to a published release',
    definitionBody: sfn.DefinitionBody.fromChainable(definition),
    timeout,
    logs: { destination: logGroup, level: sfn.LogLevel.ERROR, includeExecutionData: false },
    tracingEnabled: false,
  });
  acknowledgeFindings(stateMachine, props);
  return { stateMachine, logGroup };
}

/** Named as AWS advises for logs that it delivers itself: others are each written into one policy of limited size. */
function logGroupOf(scope: Construct, { encryptionKey, logRetention }: PipelineStateMachineProps): logs.LogGroup {
  return new logs.LogGroup(scope, 'StateMachineLogs', {
    logGroupName: `/aws/vendedlogs/states/${Names.uniqueResourceName(scope, { maxLength: 100, separator: '-' })}`,
    retention: logRetention ?? logs.RetentionDays.THREE_MONTHS,
    removalPolicy: RemovalPolicy.DESTROY,
    ...given({ encryptionKey }),
  });
}

function acknowledgeFindings(stateMachine: sfn.StateMachine, { functions, state }: PipelineStateMachineProps): void {
  acknowledge(
    stateMachine,
    'AwsSolutions-SF1',
    'Each pass is logged by its function, with the run it belongs to; the machine logs what went wrong.',
  );
  acknowledge(
    stateMachine,
    'AwsSolutions-SF2',
    'Runs take hours and are followed by progress and report; traces of X-Ray would cost and add nothing.',
  );
  const wildcard = (resource: string, reason: string) => acknowledgeWildcardBelow(stateMachine, resource, reason);
  wildcard('*', 'Deliveries of logs have no ARNs: AWS documents the statement so.');
  for (const handler of Object.values(functions)) {
    wildcard(`${handler.function.functionArn}:*`, 'Versions of exactly this function.');
  }
  for (const [resource, reason] of mapWildcards(state)) wildcard(resource, reason);
  const arnFormat = ArnFormat.COLON_RESOURCE_NAME;
  const name = Arn.split(stateMachine.stateMachineArn, arnFormat).resourceName;
  for (const map of ['', '/Transfer', '/Replicate']) {
    const executions = Stack.of(stateMachine).formatArn({
      service: 'states',
      resource: 'execution',
      resourceName: `${name}${map}:*`,
      arnFormat,
    });
    wildcard(executions, 'Executions of exactly this machine and of its maps; Step Functions makes up their names.');
  }
}
