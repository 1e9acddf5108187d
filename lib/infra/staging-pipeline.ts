import { Duration, Stack } from 'aws-cdk-lib';
import type * as events from 'aws-cdk-lib/aws-events';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as logs from 'aws-cdk-lib/aws-logs';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2 } from 'aws-cdk-lib/cx-api';
import { Construct } from 'constructs';
import type { RuntimeConfiguration } from '../contract/cloud/deployment.ts';
import type { PipelineHandler } from '../contract/cloud/handlers.ts';
import { deadLetterQueue, sendFailedCalls } from './dead-letters.ts';
import {
  grantCopyFrom,
  grantLookAtRegistry,
  grantPublish,
  grantStatusPage,
  grantSurvey,
  grantTransfer,
} from './grant-passes.ts';
import { grantSources } from './grant-sources.ts';
import type { HandlerFunction } from './handler-function.ts';
import type { MirrorBucket } from './mirror-bucket.ts';
import { pipelineFunctions } from './pipeline-functions.ts';
import { reportWhatDied, startOnSubmission } from './pipeline-rules.ts';
import { pipelineStateMachine } from './pipeline-state-machine.ts';
import type { StateBucket } from './state-bucket.ts';

export interface StagingPipelineProps {
  /** What the handlers read of weighbridge.yaml: `runtimeConfiguration(deployment)`. */
  readonly configuration: RuntimeConfiguration;
  /** Where submissions come and working state lies. */
  readonly state: StateBucket;
  /** Primary of public releases. @default - none can be published */
  readonly publicMirror?: MirrorBucket;
  /** Primary of private releases. @default - none can be published */
  readonly privateMirror?: MirrorBucket;
  /** Base URL under which consumers read the public mirror. @default - the registry names none */
  readonly publicUrl?: string;
  /**
   * Encrypts logs and dead letters; what is in a bucket goes by the key of the bucket. It must let CloudWatch Logs and
   * EventBridge use it, as `EncryptionKey` does.
   * @default - keys of the services
   */
  readonly encryptionKey?: kms.IKey;
  /** @default logs.RetentionDays.THREE_MONTHS */
  readonly logRetention?: logs.RetentionDays;
  /**
   * Longest run. Checkpoints and unfinished uploads must be kept for longer.
   * @default Duration.days(13)
   */
  readonly timeout?: Duration;
  /** What the names of the roles begin with that Google's side of a trust names. @default - nothing */
  readonly rolePrefix?: string;
  /** @default lambda.Architecture.ARM_64 */
  readonly architecture?: lambda.Architecture;
  /** Folder of the built handlers. @default - that of this package */
  readonly bundles?: string;
}

/**
 * From a submission to a published release and its report: a state machine over six functions, started by each object
 * that is put below `submissions/` of the state bucket.
 *
 * @example
 * const state = new StateBucket(this, 'State');
 * const mirror = new MirrorBucket(this, 'Public');
 * new StagingPipeline(this, 'Pipeline', { configuration, state, publicMirror: mirror });
 */
export class StagingPipeline extends Construct {
  readonly stateMachine: sfn.StateMachine;
  readonly functions: Readonly<Record<PipelineHandler, HandlerFunction>>;
  /** Events that started nothing, and deaths of runs that were not reported. */
  readonly deadLetters: sqs.Queue;
  /** Of the state machine and of every function. */
  readonly logGroups: readonly logs.LogGroup[];
  /** What starts a run for each submission. */
  readonly submissionRule: events.Rule;
  /** After which a run is ended. */
  readonly timeout: Duration;
  readonly #props: StagingPipelineProps;

  /** @throws Error when the handlers were not built. */
  constructor(scope: Construct, id: string, props: StagingPipelineProps) {
    super(scope, id);
    this.#props = props;
    const { configuration, encryptionKey, timeout = Duration.days(13) } = props;
    this.timeout = timeout;
    const state = props.state.bucket;
    // In an app without the flag the CDK would leave out the results' writer without a word.
    this.node.setContext(STEPFUNCTIONS_USE_DISTRIBUTED_MAP_RESULT_WRITER_V2, true);

    this.functions = pipelineFunctions(this, {
      configuration,
      state,
      publicMirror: props.publicMirror?.bucket,
      privateMirror: props.privateMirror?.bucket,
      publicUrl: props.publicUrl,
      encryptionKey,
      logRetention: props.logRetention,
      rolePrefix: props.rolePrefix,
      architecture: props.architecture,
      bundles: props.bundles,
    });
    this.#grant();

    const { stateMachine, logGroup } = pipelineStateMachine(this, {
      functions: this.functions,
      state,
      concurrency: configuration.pipeline.concurrency,
      timeout,
      encryptionKey,
      logRetention: props.logRetention,
    });
    this.stateMachine = stateMachine;
    this.deadLetters = deadLetterQueue(this, 'DeadLetters', encryptionKey);
    const report = this.functions.report;
    this.submissionRule = startOnSubmission(this, state, stateMachine, this.deadLetters);
    reportWhatDied(this, stateMachine, report.function, this.deadLetters);
    sendFailedCalls(report, this.deadLetters);
    this.logGroups = [logGroup, ...Object.values(this.functions).map((handler) => handler.logGroup)];
  }

  /** What each function may do: nothing that is not here. */
  #grant(): void {
    const { state, publicMirror, privateMirror, configuration } = this.#props;
    const { plan, transfer, publish, replicate, 'publish-replicas': publishReplicas, report } = this.functions;
    const mirrors = [publicMirror, privateMirror].flatMap((mirror) => (mirror === undefined ? [] : [mirror.bucket]));

    state.grantReadSubmissions(plan);
    state.grantReadSubmissions(report);
    if (takesPolicies(configuration)) {
      state.grantWritePolicy(plan);
      // The report of a run that died after the swap says which policy holds.
      state.grantReadPolicy(report);
    }
    for (const handler of Object.values(this.functions)) {
      state.grantWork(handler);
      state.grantWriteReports(handler);
    }
    for (const reader of [plan, transfer]) {
      state.grantReadInbox(reader);
      grantSources(reader.role, configuration.sources);
    }
    for (const mirror of mirrors) {
      grantSurvey(mirror, plan);
      grantTransfer(mirror, transfer);
      grantPublish(mirror, publish);
      grantCopyFrom(mirror, replicate);
      grantCopyFrom(mirror, publishReplicas);
      grantLookAtRegistry(mirror, report);
    }
    if (configuration.statusPage && publicMirror !== undefined) grantStatusPage(publicMirror.bucket, report);
    report.role.addToPolicy(
      new iam.PolicyStatement({
        sid: 'TellOfTheEnd',
        actions: ['events:PutEvents'],
        resources: [Stack.of(this).formatArn({ service: 'events', resource: 'event-bus', resourceName: 'default' })],
      }),
    );
  }
}

/** Is there an access API that goes by a policy, and somebody who may submit one? */
function takesPolicies({ access, publishers }: RuntimeConfiguration): boolean {
  return access !== undefined && Object.values(publishers).some(({ policy }) => policy);
}
