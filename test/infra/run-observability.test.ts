import { Duration } from 'aws-cdk-lib';
import { Match, type Template } from 'aws-cdk-lib/assertions';
import * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import * as events from 'aws-cdk-lib/aws-events';
import * as kms from 'aws-cdk-lib/aws-kms';
import * as lambda from 'aws-cdk-lib/aws-lambda';
import * as logs from 'aws-cdk-lib/aws-logs';
import * as sns from 'aws-cdk-lib/aws-sns';
import * as sqs from 'aws-cdk-lib/aws-sqs';
import * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import { beforeAll, describe, expect, it } from 'vitest';
import { alarmIds, billedAlarms } from '../../lib/contract/cloud/alarms.ts';
import { cloudSchema } from '../../lib/contract/cloud/cloud-configuration.ts';
import { pipelineHandlers } from '../../lib/contract/cloud/handlers.ts';
import { accessMetrics } from '../../lib/infra/access-metrics.ts';
import { RunObservability, type RunObservabilityProps } from '../../lib/infra/run-observability.ts';
import { checkedStack } from './checked-stack.ts';
import { resourcesOf, written } from './policies.ts';

/** Functions that alarms are on, as the stack of the defaults has them. */
const watched = [...pipelineHandlers, 'access'];

const place = { account: '111122223333', region: 'us-east-1' };

function make(
  more: Partial<RunObservabilityProps> & { readonly key?: boolean } = {},
  env: Partial<typeof place> = place,
) {
  const { stack, template } = checkedStack(env);
  const arn = (service: string, rest: string) => stack.formatArn({ service, resource: rest });
  const { key, ...props } = more;
  const metrics = accessMetrics(stack, {
    api: new apigateway.HttpApi(stack, 'Api', { createDefaultStage: false }),
    log: logs.LogGroup.fromLogGroupName(stack, 'Log', 'decisions'),
    deploymentName: 'weighbridge',
    counts: props.metrics ?? true,
  });
  const made = new RunObservability(stack, 'Observability', {
    deploymentName: 'weighbridge',
    stateMachine: sfn.StateMachine.fromStateMachineArn(stack, 'Machine', arn('states', 'stateMachine:m')),
    functions: Object.fromEntries(
      watched.map((name) => [name, lambda.Function.fromFunctionName(stack, name, `f-${name}`)]),
    ),
    deadLetters: sqs.Queue.fromQueueArn(stack, 'DeadLetters', arn('sqs', 'dead')),
    submissionRule: events.Rule.fromEventRuleArn(stack, 'Submitted', arn('events', 'rule/submitted')),
    executionTimeout: Duration.days(10),
    distributionId: 'E1',
    access: { metrics, deniedAlarm: 70 },
    ...(key === true ? { encryptionKey: new kms.Key(stack, 'Key', { enableKeyRotation: true }) } : {}),
    ...props,
  });
  return { stack, template, made };
}

const alarmsOf = (template: Template) => [...resourcesOf(template, 'AWS::CloudWatch::Alarm').values()];
const nameOf = ({ Properties }: { Properties: Readonly<Record<string, unknown>> }) => written(Properties.AlarmName);

describe('observability with everything on', () => {
  let template: Template;

  beforeAll(() => {
    template = make({ notify: ['ops@example.org', 'ops@example.org', 'ml@example.org'], key: true }).template();
  });

  const alarm = (name: string) => alarmsOf(template).find((one) => nameOf(one) === `weighbridge-${name}`)?.Properties;

  it('has an alarm of every kind, for each function where it is of functions', () => {
    const perFunction = ['function-errors', 'function-throttles', 'function-duration'];
    const expected = alarmIds.flatMap((id) =>
      perFunction.includes(id) ? watched.map((name) => `${id}-${name}`) : [id],
    );
    expect(alarmsOf(template).map(nameOf).sort()).toEqual(expected.map((name) => `weighbridge-${name}`).sort());
  });

  it('no alarm goes off for want of data; each tells the topic and names its section of the runbook', () => {
    for (const one of alarmsOf(template)) {
      const name = nameOf(one);
      expect(one.Properties.TreatMissingData, name).toBe('notBreaching');
      expect(one.Properties.AlarmActions, name).toHaveLength(1);
      const id = /docs\/runbook\.md#([a-z0-9-]+)$/.exec(String(one.Properties.AlarmDescription))?.[1];
      expect(alarmIds, name).toContain(id);
      expect(name.startsWith(`weighbridge-${id}`), name).toBe(true);
    }
  });

  it('is billed as the contract says', () => {
    const billed = alarmsOf(template).reduce(
      (sum, { Properties }) => sum + ((Properties.Metrics as unknown[] | undefined)?.filter(isMeasured).length ?? 1),
      0,
    );
    expect(billed).toBe(billedAlarms({ cloud: cloudSchema.parse({ region: 'us-east-1' }) }));
  });

  it('a pass that takes its time is ordinary for functions that move bytes, and not for others', () => {
    expect(alarm('function-duration-transfer')?.Threshold).toBe(895_000);
    expect(alarm('function-duration-plan')?.Threshold).toBe(720_000);
  });

  it('a call that is made again is ordinary', () => {
    expect(alarm('function-errors-transfer')).toMatchObject({ Threshold: 5, Period: 900, Statistic: 'Sum' });
    expect(alarm('function-throttles-plan')).toMatchObject({ Threshold: 10, EvaluationPeriods: 2 });
  });

  it('one run that fails is enough', () => {
    for (const name of ['executions-failed', 'executions-timed-out', 'executions-aborted', 'runs-degraded']) {
      expect(alarm(name), name).toMatchObject({
        Threshold: 1,
        EvaluationPeriods: 1,
        Statistic: 'Sum',
        ComparisonOperator: 'GreaterThanOrEqualToThreshold',
      });
    }
    expect(alarm('runs-degraded')).toMatchObject({
      Namespace: 'Weighbridge',
      MetricName: 'RunsDegraded',
      Dimensions: [{ Name: 'Deployment', Value: 'weighbridge' }],
    });
    expect(alarm('execution-time')?.Threshold).toBe(8 * 86_400_000);
  });

  it('of the access API refusals count from a number on, and a policy that cannot be read at once', () => {
    expect(alarm('access-denied')).toMatchObject({
      ...{ Namespace: 'Weighbridge/weighbridge', MetricName: 'AccessDenied', Statistic: 'Sum' },
      ...{ Threshold: 70, Period: 300, EvaluationPeriods: 1 },
    });
    expect(alarm('policy-unreadable')).toMatchObject({ MetricName: 'PolicyUnreadable', Threshold: 1, Period: 300 });
    expect(alarm('access-5xx')).toMatchObject({ Namespace: 'AWS/ApiGateway', MetricName: '5xx', Statistic: 'Sum' });
  });

  it('events that start nothing are seen by the rule and by the dead letters', () => {
    expect(alarm('submissions-not-started')).toMatchObject({
      Namespace: 'AWS/Events',
      MetricName: 'FailedInvocations',
      Dimensions: [{ Name: 'RuleName', Value: 'submitted' }],
    });
    expect(alarm('dead-letters')).toMatchObject({ MetricName: 'ApproximateNumberOfMessagesVisible', Threshold: 1 });
  });

  it('of few readers no rate is made', () => {
    const { Metrics: metrics } = alarm('cdn-5xx') ?? {};
    expect(metrics).toContainEqual(expect.objectContaining({ Expression: 'IF(requests >= 100, rate, 0)' }));
  });

  it('each address is subscribed once', () => {
    const subscriptions = [...resourcesOf(template, 'AWS::SNS::Subscription').values()];
    expect(subscriptions.map(({ Properties }) => [Properties.Protocol, Properties.Endpoint])).toEqual([
      ['email', 'ops@example.org'],
      ['email', 'ml@example.org'],
    ]);
  });

  it('the topic takes messages from alarms of this account and from event rules, over TLS, and from nobody else', () => {
    const policies = [...resourcesOf(template, 'AWS::SNS::TopicPolicy').values()];
    expect(policies).toHaveLength(1);
    expect(policies[0]?.Properties.PolicyDocument).toMatchObject({
      Statement: [
        expect.objectContaining({
          Effect: 'Deny',
          Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          Principal: '*',
        }),
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'cloudwatch.amazonaws.com' },
          Condition: { StringEquals: { 'aws:SourceAccount': place.account } },
        }),
        expect.objectContaining({
          Effect: 'Allow',
          Action: 'sns:Publish',
          Principal: { Service: 'events.amazonaws.com' },
        }),
      ],
    });
  });

  it('with a KMS key messages are encrypted, and both services may use the key', () => {
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.anyValue() });
    const { KeyPolicy: policy } = [...resourcesOf(template, 'AWS::KMS::Key').values()][0]?.Properties ?? {};
    const { Statement: statements } = policy as { Statement: { Principal: { Service?: string } }[] };
    expect(statements.flatMap(({ Principal }) => Principal.Service ?? [])).toEqual([
      'cloudwatch.amazonaws.com',
      'events.amazonaws.com',
    ]);
  });

  it('runs of this deployment that did not end well are told in words, made of names and ids alone', () => {
    const rules = [...resourcesOf(template, 'AWS::Events::Rule').values()];
    expect(rules).toHaveLength(1);
    const { EventPattern: pattern, Targets: targets } = rules[0]?.Properties ?? {};
    expect(pattern).toEqual({
      source: ['weighbridge'],
      'detail-type': ['Weighbridge Run Ended'],
      detail: { deployment: ['weighbridge'], ok: [false], state: [{ 'anything-but': ['superseded'] }] },
    });
    const { InputTransformer: transformer } = (targets as { InputTransformer: Record<string, unknown> }[])[0] ?? {};
    expect(transformer?.InputPathsMap).toEqual(
      Object.fromEntries(
        ['deployment', 'what', 'state', 'publisher', 'run', 'attempt'].map((name) => [
          `detail-${name}`,
          `$.detail.${name}`,
        ]),
      ),
    );
    expect(transformer?.InputTemplate).toBe(
      '"Weighbridge <detail-deployment>: the run of <detail-what> ended as ' +
        '<detail-state>. Publisher <detail-publisher>, run <detail-run>, attempt <detail-attempt>. Why: weighbridge ' +
        'status <detail-run>. What to do: docs/runbook.md."',
    );
  });

  it('the dashboard asks each metric where it is, and shows the alarms', () => {
    const body = written(
      [...resourcesOf(template, 'AWS::CloudWatch::Dashboard').values()][0]?.Properties.DashboardBody,
    );
    for (const text of [
      'AccessDenied',
      'RunsPublished',
      'BytesMoved',
      'ExecutionsFailed',
      '5xxErrorRate',
      '"type":"alarm"',
    ]) {
      expect(body).toContain(text);
    }
    expect(() => JSON.parse(body)).not.toThrow();
  });
});

function isMeasured(metric: unknown): boolean {
  return (metric as { MetricStat?: unknown }).MetricStat !== undefined;
}

describe('observability', () => {
  it('elsewhere than in us-east-1 has no alarms on the CDN, whose metrics are not there; the dashboard still has them', () => {
    const template = make({}, { ...place, region: 'eu-central-1' }).template();
    const names = alarmsOf(template).map(nameOf);
    expect(names.filter((name) => name.includes('cdn'))).toEqual([]);
    expect(names).toHaveLength(billedAlarms({ cloud: cloudSchema.parse({ region: 'eu-central-1' }) }));
    const body = written(
      [...resourcesOf(template, 'AWS::CloudWatch::Dashboard').values()][0]?.Properties.DashboardBody,
    );
    const rates = JSON.parse(body).widgets.flatMap(({ properties }: { properties: { metrics?: unknown[][] } }) =>
      (properties.metrics ?? []).filter((metric) => metric.includes('5xxErrorRate')),
    );
    expect(rates).toEqual([expect.arrayContaining([expect.objectContaining({ region: 'us-east-1' })])]);
  });

  it('where the region is not known, CloudFormation decides about those alarms', () => {
    const template = make({}, {}).template();
    const conditional = alarmsOf(template).filter((one) => 'Condition' in one);
    expect(conditional.map(nameOf)).toEqual(['weighbridge-cdn-5xx', 'weighbridge-cdn-4xx']);
    const conditions = template.findConditions('*');
    expect(Object.values(conditions)).toContainEqual({ 'Fn::Equals': [{ Ref: 'AWS::Region' }, 'us-east-1'] });
  });

  it('switched off has neither alarms nor dashboard, and still tells of failed runs', () => {
    const template = make({ alarms: false, dashboard: false }).template();
    template.resourceCountIs('AWS::CloudWatch::Alarm', 0);
    template.resourceCountIs('AWS::CloudWatch::Dashboard', 0);
    template.resourceCountIs('AWS::Events::Rule', 1);
    template.resourceCountIs('AWS::SNS::Topic', 1);
    template.hasResourceProperties('AWS::SNS::Topic', { KmsMasterKeyId: Match.absent() });
  });

  it('without metrics of its own asks for none of them', () => {
    const text = JSON.stringify(make({ metrics: false }).template().toJSON());
    expect(text).not.toContain('RunsDegraded');
    expect(text).not.toContain('BytesMoved');
    expect(text).not.toContain('AccessDenied');
    expect(text).toContain('-access-5xx');
  });

  it('writes into a topic that is there already', () => {
    const { stack, template } = make({ dashboard: false });
    const other = checkedStack(place);
    const topic = sns.Topic.fromTopicArn(other.stack, 'Theirs', 'arn:aws:sns:us-east-1:111122223333:ops');
    new RunObservability(other.stack, 'Observability', {
      deploymentName: 'weighbridge',
      stateMachine: sfn.StateMachine.fromStateMachineName(other.stack, 'Machine', 'm'),
      functions: {},
      deadLetters: sqs.Queue.fromQueueArn(other.stack, 'Dead', 'arn:aws:sqs:us-east-1:111122223333:dead'),
      topic,
    });
    const theirs = other.template();
    theirs.resourceCountIs('AWS::SNS::Topic', 0);
    for (const { Properties } of alarmsOf(theirs)) expect(Properties.AlarmActions).toEqual([topic.topicArn]);
    expect(stack.node.id).toBe('Stack');
    template().resourceCountIs('AWS::SNS::Topic', 1);
  });
});
