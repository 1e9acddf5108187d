import { Duration } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type * as events from 'aws-cdk-lib/aws-events';
import type * as lambda from 'aws-cdk-lib/aws-lambda';
import type * as sqs from 'aws-cdk-lib/aws-sqs';
import type * as sfn from 'aws-cdk-lib/aws-stepfunctions';
import type { IConstruct } from 'constructs';
import type { AlarmId } from '../contract/cloud/alarms.ts';
import { metricNames } from '../contract/cloud/metrics.ts';
import type { ObservedAccess } from './access-alarms.ts';
import { cdnMetric, runMetric } from './run-metrics.ts';

/** What is watched. */
export interface ObservedResources {
  readonly stateMachine: sfn.IStateMachine;
  /** By the names of their handlers. */
  readonly functions: Readonly<Record<string, lambda.IFunction>>;
  /** Where events go that could start nothing. */
  readonly deadLetters: sqs.IQueue;
  /** The rule that starts a run for a submission. @default - the dead letters alone tell that none was started */
  readonly submissionRule?: events.IRule;
  /** After which the state machine ends a run. @default - never, and no alarm says that it is near */
  readonly executionTimeout?: Duration;
  /** @default - there is no CDN */
  readonly distributionId?: string;
  /** @default - there is no access API */
  readonly access?: ObservedAccess;
}

/** When an alarm goes off. */
export interface AlarmRule {
  readonly id: AlarmId;
  /** Which of several, such as a function. */
  readonly of?: string;
  /** One sentence. */
  readonly says: string;
  readonly metric: cloudwatch.IMetric;
  /** At this value and above. */
  readonly threshold: number;
  /** Periods one after the other. @default 1 */
  readonly periods?: number;
}

const short = Duration.minutes(5);
const long = Duration.minutes(15);

/** Functions that work as long as they may and then return by themselves. */
const movers: ReadonlySet<string> = new Set(['transfer', 'replicate']);

/** The alarms on runs and on what carries them. */
export function pipelineAlarms(resources: ObservedResources, deploymentName: string): AlarmRule[] {
  const { stateMachine, functions, deadLetters, submissionRule, executionTimeout } = resources;
  return [
    {
      id: 'executions-failed',
      says: 'A run did not publish what it should.',
      metric: stateMachine.metricFailed({ period: short }),
      threshold: 1,
    },
    {
      id: 'executions-timed-out',
      says: 'A run took longer than the state machine lets it.',
      metric: stateMachine.metricTimedOut({ period: short }),
      threshold: 1,
    },
    {
      id: 'executions-aborted',
      says: 'Somebody stopped a run.',
      metric: stateMachine.metricAborted({ period: short }),
      threshold: 1,
    },
    ...(executionTimeout === undefined
      ? []
      : [
          {
            id: 'execution-time' as const,
            says: 'A run took four fifths of the time that the state machine lets it.',
            metric: stateMachine.metricTime({ period: short, statistic: cloudwatch.Stats.MAXIMUM }),
            threshold: executionTimeout.toMilliseconds() * 0.8,
          },
        ]),
    {
      id: 'runs-degraded',
      says: 'A release is published, and a replica lacks it.',
      metric: runMetric(metricNames.runsDegraded, deploymentName, short),
      threshold: 1,
    },
    ...(submissionRule === undefined ? [] : [notStarted(submissionRule)]),
    {
      id: 'dead-letters',
      says: 'An event about a submission or a run could not be handled.',
      metric: deadLetters.metricApproximateNumberOfMessagesVisible({
        period: short,
        statistic: cloudwatch.Stats.MAXIMUM,
      }),
      threshold: 1,
    },
    ...Object.entries(functions).flatMap(([name, one]) => functionAlarms(name, one)),
  ];
}

function notStarted(rule: events.IRule): AlarmRule {
  return {
    id: 'submissions-not-started',
    says: 'A submission arrived and no run could be started for it.',
    metric: new cloudwatch.Metric({
      namespace: 'AWS/Events',
      metricName: 'FailedInvocations',
      dimensionsMap: { RuleName: rule.ruleName },
      statistic: cloudwatch.Stats.SUM,
      period: short,
    }),
    threshold: 1,
  };
}

function functionAlarms(name: string, one: lambda.IFunction): AlarmRule[] {
  const seconds = (one as Partial<lambda.Function>).timeout?.toSeconds() ?? 900;
  return [
    {
      id: 'function-errors',
      of: name,
      // One that is killed or meets a busy service is called again, up to nine times in all: that is ordinary.
      says: `The function ${name} failed five times in a quarter of an hour.`,
      metric: one.metricErrors({ period: long }),
      threshold: 5,
    },
    {
      id: 'function-throttles',
      of: name,
      // A burst of items meets the limit for a moment.
      says: `The function ${name} was held back by the account's limit of concurrency for half an hour.`,
      metric: one.metricThrottles({ period: long }),
      threshold: 10,
      periods: 2,
    },
    {
      id: 'function-duration',
      of: name,
      says: `The function ${name} came near its timeout, at which it is killed.`,
      metric: one.metricDuration({ period: short, statistic: cloudwatch.Stats.MAXIMUM }),
      threshold: Math.floor(1000 * (movers.has(name) ? nearEnd(seconds) : seconds * 0.8)),
    },
  ];
}

/**
 * A pass stops moving bytes 3 to 20 seconds before its timeout, and then saves: only what is left of that is too near.
 * @returns seconds
 */
function nearEnd(timeout: number): number {
  return Math.max(timeout * 0.95, timeout - 5);
}

/** The alarms on what readers of the public mirror get; of a handful of requests no rate is made. */
export function cdnAlarms(distributionId: string, scope: IConstruct): AlarmRule[] {
  const rate = (metric: '4xxErrorRate' | '5xxErrorRate', atLeast: number) =>
    new cloudwatch.MathExpression({
      expression: `IF(requests >= ${atLeast}, rate, 0)`,
      label: metric,
      period: short,
      usingMetrics: {
        requests: cdnMetric('Requests', distributionId, scope, short),
        rate: cdnMetric(metric, distributionId, scope, short),
      },
    });
  return [
    {
      id: 'cdn-5xx',
      says: 'CloudFront answers more than one in a hundred requests with an error of its own or of the bucket.',
      metric: rate('5xxErrorRate', 100),
      threshold: 1,
      periods: 3,
    },
    {
      id: 'cdn-4xx',
      says: 'CloudFront refuses or does not find half of what it is asked for.',
      metric: rate('4xxErrorRate', 500),
      threshold: 50,
      periods: 3,
    },
  ];
}
