import { setTimeout as sleep } from 'node:timers/promises';
import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { SFNClient, StartExecutionCommand, StopExecutionCommand } from '@aws-sdk/client-sfn';
import { DeleteMessageCommand, ReceiveMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { deployTemplate } from '../../cloud/deploy-template.ts';
import { eventually } from '../../cloud/eventually.ts';
import { waitForExecution } from '../../cloud/executions.ts';
import { functionProcesses } from '../../cloud/function-processes.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';
import { inlineFunction } from './inline-function.ts';
import { stateMachine } from './state-machine.ts';

const states = 'arn:aws:states:us-east-1:000000000000:stateMachine';
const arn = (name: string) => ({ 'Fn::GetAtt': [name, 'Arn'] });
const waits = { StartAt: 'Wait', States: { Wait: { Type: 'Wait', Seconds: 30, End: true } } };
// A function that throws after two seconds, when its execution has long been stopped.
const slow = inlineFunction(
  'Slow',
  "exports.handler = () => new Promise((_, reject) => setTimeout(() => reject(new Error('too late')), 2000));",
);

const queue = { Type: 'AWS::SQS::Queue' };
const rule = (EventPattern: object, target: object) => ({
  Type: 'AWS::Events::Rule',
  Properties: { EventPattern, Targets: [{ Id: 'target', ...target }] },
});

const Resources = {
  ...stateMachine('limited', { TimeoutSeconds: 1, ...waits }),
  ...stateMachine('unlimited', waits),
  ...slow,
  ...stateMachine('slow', { StartAt: 'Call', States: { Call: { Type: 'Task', Resource: `\${Slow}`, End: true } } }, [
    'Slow',
  ]),
  Changes: queue,
  OnChange: rule(
    { source: ['aws.states'], detail: { status: ['FAILED', 'TIMED_OUT', 'ABORTED'] } },
    { Arn: arn('Changes') },
  ),
  Watched: {
    Type: 'AWS::S3::Bucket',
    Properties: {
      BucketName: 'watched',
      VersioningConfiguration: { Status: 'Enabled' },
      NotificationConfiguration: { EventBridgeConfiguration: { EventBridgeEnabled: true } },
    },
  },
  Objects: queue,
  OnObject: rule({ source: ['aws.s3'], detail: { bucket: { name: ['watched'] } } }, { Arn: arn('Objects') }),
  Topic: { Type: 'AWS::SNS::Topic' },
  Told: queue,
  Telling: {
    Type: 'AWS::SNS::Subscription',
    Properties: { TopicArn: { Ref: 'Topic' }, Protocol: 'sqs', Endpoint: arn('Told'), RawMessageDelivery: true },
  },
  OnOwn: rule({ source: ['weights'], 'detail-type': ['Weighed'] }, { Arn: { Ref: 'Topic' } }),
  Dead: queue,
  OnLost: rule(
    { source: ['weights'], 'detail-type': ['Lost'] },
    { Arn: `${states}:gone`, DeadLetterConfig: { Arn: arn('Dead') } },
  ),
};
const Outputs = Object.fromEntries(
  ['Changes', 'Objects', 'Told', 'Dead'].map((name) => [name, { Value: { Ref: name } }]),
);

describe.skipIf(lacksAwsEmulator())('what happens in MiniStack', () => {
  let emulator: AwsEmulator;
  let sfn: SFNClient;
  let sqs: SQSClient;
  let events: EventBridgeClient;
  let queues: Readonly<Record<string, string>>;

  beforeAll(async () => {
    emulator = await startAwsEmulator();
    sfn = new SFNClient(clientSettings(emulator));
    sqs = new SQSClient(clientSettings(emulator));
    events = new EventBridgeClient(clientSettings(emulator));
    const cloudFormation = new CloudFormationClient(clientSettings(emulator));
    queues = await deployTemplate(cloudFormation, 'executions', { Resources, Outputs });
    cloudFormation.destroy();
  });

  afterAll(async () => {
    for (const client of [sfn, sqs, events]) client?.destroy();
    await emulator?.stop();
  });

  const start = async (name: string) =>
    (await sfn.send(new StartExecutionCommand({ stateMachineArn: `${states}:${name}` }))).executionArn ?? '';

  function message(name: string): Promise<Record<string, unknown>> {
    return eventually(`a message in ${name}`, async () => {
      const QueueUrl = queues[name];
      const { Messages = [] } = await sqs.send(new ReceiveMessageCommand({ QueueUrl }));
      const [first] = Messages;
      if (first === undefined) return undefined;
      await sqs.send(new DeleteMessageCommand({ QueueUrl, ReceiptHandle: first.ReceiptHandle }));
      return JSON.parse(first.Body ?? '') as Record<string, unknown>;
    });
  }

  const put = (DetailType: string, detail: object) =>
    events.send(new PutEventsCommand({ Entries: [{ Source: 'weights', DetailType, Detail: JSON.stringify(detail) }] }));

  it('an execution that takes longer than its machine may is timed out, and rules are told', async () => {
    const executionArn = await start('limited');
    expect(await waitForExecution(sfn, executionArn)).toMatchObject({ status: 'TIMED_OUT', error: 'States.Timeout' });
    expect(await message('Changes')).toMatchObject({ detail: { status: 'TIMED_OUT', executionArn } });
  });

  it('an execution that is stopped stays so when its task fails afterwards', async () => {
    const executionArn = await start('slow');
    await eventually('the task', async () => (await functionProcesses(emulator, 'Slow'))[0]);
    await sfn.send(new StopExecutionCommand({ executionArn }));
    expect(await message('Changes')).toMatchObject({ detail: { status: 'ABORTED', executionArn } });
    // Longer than the task takes to fail.
    await sleep(3000);
    expect(await waitForExecution(sfn, executionArn)).toMatchObject({ status: 'ABORTED' });
  });

  it('an event of an object says which version it is about', async () => {
    const s3 = new S3Client(clientSettings(emulator));
    const object = { Bucket: 'watched', Key: 'a/key with spaces' };
    const { VersionId } = await s3.send(new PutObjectCommand({ ...object, Body: 'text' }));
    s3.destroy();
    expect(VersionId).toBeDefined();
    expect(await message('Objects')).toMatchObject({
      'detail-type': 'Object Created',
      detail: { object: { key: 'a/key with spaces', size: 4, 'version-id': VersionId } },
    });
  });

  it('an event of a program reaches a topic and who listens to it', async () => {
    await put('Weighed', { grams: 7 });
    expect(await message('Told')).toMatchObject({ source: 'weights', detail: { grams: 7 } });
  });

  it('an event whose state machine is gone is kept in the dead-letter queue of its rule', async () => {
    await put('Lost', { grams: 8 });
    expect(await message('Dead')).toMatchObject({ 'detail-type': 'Lost', detail: { grams: 8 } });
  });
});
