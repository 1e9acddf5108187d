import { CloudFormationClient } from '@aws-sdk/client-cloudformation';
import { CloudWatchClient, DescribeAlarmsCommand, SetAlarmStateCommand } from '@aws-sdk/client-cloudwatch';
import { GetOpenIDConnectProviderCommand, IAMClient } from '@aws-sdk/client-iam';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clientSettings } from '../../cloud/client-settings.ts';
import { deleteStack, deployTemplate } from '../../cloud/deploy-template.ts';
import { lacksAwsEmulator } from '../running-servers.ts';
import { type AwsEmulator, startAwsEmulator } from '../start-aws-emulator.ts';

const provider = (ClientIdList: readonly string[], Url = 'https://ci.example/tokens') => ({
  Resources: { Provider: { Type: 'AWS::IAM::OIDCProvider', Properties: { Url, ClientIdList } } },
  Outputs: { Arn: { Value: { 'Fn::GetAtt': ['Provider', 'Arn'] } } },
});

describe.skipIf(lacksAwsEmulator())('resource types of MiniStack', () => {
  let emulator: AwsEmulator;
  let cloudFormation: CloudFormationClient;
  let iam: IAMClient;
  let cloudWatch: CloudWatchClient;

  beforeAll(async () => {
    emulator = await startAwsEmulator();
    cloudFormation = new CloudFormationClient(clientSettings(emulator));
    iam = new IAMClient(clientSettings(emulator));
    cloudWatch = new CloudWatchClient(clientSettings(emulator));
  });

  afterAll(async () => {
    for (const client of [cloudFormation, iam, cloudWatch]) client?.destroy();
    await emulator?.stop();
  });

  it('include a provider of OIDC tokens, of which an account has one per address', async () => {
    const { Arn } = await deployTemplate(cloudFormation, 'provider', provider(['one']));
    expect(Arn).toBe('arn:aws:iam::000000000000:oidc-provider/ci.example/tokens');
    const clients = async () => {
      const get = new GetOpenIDConnectProviderCommand({ OpenIDConnectProviderArn: Arn });
      return (await iam.send(get)).ClientIDList;
    };
    expect(await clients()).toEqual(['one']);
    await deployTemplate(cloudFormation, 'provider', provider(['one', 'two']));
    expect(await clients()).toEqual(['one', 'two']);
    await expect(deployTemplate(cloudFormation, 'second', provider(['one']))).rejects.toThrow(/already exists/);
    await deleteStack(cloudFormation, 'provider');
    await expect(clients()).rejects.toThrow(/NoSuchEntity|not found/i);
  });

  it('include an alarm on metric math, whose state is only set by hand', async () => {
    const metric = (Id: string) => ({
      Id,
      MetricStat: { Metric: { Namespace: 'n', MetricName: Id }, Period: 60, Stat: 'Sum' },
    });
    const alarm = (Threshold: number) => ({
      Resources: {
        Alarm: {
          Type: 'AWS::CloudWatch::Alarm',
          Properties: {
            ...{ AlarmName: 'failing', ComparisonOperator: 'GreaterThanThreshold', EvaluationPeriods: 1, Threshold },
            Metrics: [metric('failed'), metric('all'), { Id: 'rate', Expression: 'failed / all', ReturnData: true }],
          },
        },
      },
    });
    await deployTemplate(cloudFormation, 'alarm', alarm(1));
    await deployTemplate(cloudFormation, 'alarm', alarm(2));
    const found = async () =>
      (await cloudWatch.send(new DescribeAlarmsCommand({ AlarmNames: ['failing'] }))).MetricAlarms;
    expect(await found()).toMatchObject([{ Threshold: 2 }]);
    const state = { AlarmName: 'failing', StateValue: 'ALARM' as const, StateReason: 'tried' };
    await cloudWatch.send(new SetAlarmStateCommand(state));
    expect(await found()).toMatchObject([{ StateValue: 'ALARM' }]);
  });
});
