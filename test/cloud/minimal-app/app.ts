/** A small CDK app of the same parts as the project's own, to try the emulator and the CDK's command line with. */
import {
  App,
  CfnOutput,
  Duration,
  aws_events as events,
  aws_lambda as lambda,
  RemovalPolicy,
  Stack,
  aws_s3 as s3,
  aws_stepfunctions as sfn,
  aws_events_targets as targets,
  aws_stepfunctions_tasks as tasks,
} from 'aws-cdk-lib';

// Without it, ResultWriterV2 is dropped from the definition.
const app = new App({ context: { '@aws-cdk/aws-stepfunctions:useDistributedMapResultWriterV2': true } });
const context = (name: string): string => app.node.getContext(name) as string;
const stack = new Stack(app, 'minimal', { env: { account: '000000000000', region: 'us-east-1' } });

const bucket = new s3.Bucket(stack, 'Bucket', {
  versioned: true,
  enforceSSL: true,
  blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
  removalPolicy: RemovalPolicy.DESTROY,
  autoDeleteObjects: true,
  lifecycleRules: [{ abortIncompleteMultipartUploadAfter: Duration.days(3) }],
});
const cfnBucket = bucket.node.defaultChild as s3.CfnBucket;
cfnBucket.notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };

const measure = new lambda.Function(stack, 'Measure', {
  runtime: lambda.Runtime.NODEJS_24_X,
  handler: 'measure.handler',
  code: lambda.Code.fromAsset(context('bundle')),
  timeout: Duration.seconds(20),
  environment: { BUCKET: bucket.bucketName, REVISION: context('revision') },
});
bucket.grantRead(measure, 'items/*');
bucket.grantPut(measure, 'measured/*');

const each = new sfn.DistributedMap(stack, 'Each', {
  itemReader: new sfn.S3JsonLItemReader({ bucket: bucket as s3.IBucket, key: sfn.JsonPath.stringAt('$.key') }),
  itemSelector: { item: sfn.JsonPath.objectAt('$$.Map.Item.Value'), version: sfn.JsonPath.stringAt('$.version') },
  resultWriterV2: new sfn.ResultWriterV2({ bucket: bucket as s3.IBucket, prefix: 'results' }),
  maxConcurrency: 2,
  toleratedFailurePercentage: 100,
  resultPath: '$.map',
});
const task = new tasks.LambdaInvoke(stack, 'MeasureItem', {
  lambdaFunction: measure,
  payloadResponseOnly: true,
  retryOnServiceExceptions: false,
});
task.addRetry({ errors: ['NotYet'], maxAttempts: 2, interval: Duration.seconds(1), backoffRate: 1 });
each.itemProcessor(task);

const machine = new sfn.StateMachine(stack, 'Machine', { definitionBody: sfn.DefinitionBody.fromChainable(each) });
const field = events.EventField.fromPath;
new events.Rule(stack, 'OnItems', {
  eventPattern: {
    source: ['aws.s3'],
    detailType: ['Object Created'],
    detail: { bucket: { name: [bucket.bucketName] }, object: { key: [{ prefix: 'items/' }] } },
  },
  targets: [
    new targets.SfnStateMachine(machine, {
      input: events.RuleTargetInput.fromObject({
        key: field('$.detail.object.key'),
        version: field('$.detail.object.version-id'),
      }),
    }),
  ],
});

new CfnOutput(stack, 'BucketName', { value: bucket.bucketName });
new CfnOutput(stack, 'MachineArn', { value: machine.stateMachineArn });
