import { Duration } from 'aws-cdk-lib';
import type * as apigateway from 'aws-cdk-lib/aws-apigatewayv2';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import * as logs from 'aws-cdk-lib/aws-logs';
import type { Construct } from 'constructs';
import { accessMetricNames, accessMetricsNamespace } from '../contract/cloud/metrics.ts';

export interface AccessMetricsProps {
  readonly api: apigateway.HttpApi;
  /** Of the function: a JSON line for each decision, and for each policy that could not be read. */
  readonly log: logs.ILogGroup;
  readonly deploymentName: string;
  /** Are lines counted? */
  readonly counts: boolean;
}

/** What is watched of an access API, in periods of five minutes. */
export interface AccessMetrics {
  readonly requests: cloudwatch.Metric;
  readonly clientErrors: cloudwatch.Metric;
  readonly serverErrors: cloudwatch.Metric;
  /** Milliseconds, the 99th percentile. */
  readonly latency: cloudwatch.Metric;
  /** Requests without a good credential or without a grant. Undefined where lines are not counted. */
  readonly denied: cloudwatch.Metric | undefined;
  /** Times that the policy could not be read or used. Undefined where lines are not counted. */
  readonly policyUnreadable: cloudwatch.Metric | undefined;
}

const period = Duration.minutes(5);
const sum = { period, statistic: cloudwatch.Stats.SUM };

const { FilterPattern } = logs;

/** Counts lines of the log, as filters of CloudWatch see them; a metric is billed only for hours in which it is written. */
export function accessMetrics(
  scope: Construct,
  { api, log, deploymentName, counts }: AccessMetricsProps,
): AccessMetrics {
  const count = (id: string, metricName: string, filterPattern: logs.IFilterPattern) =>
    new logs.MetricFilter(scope, id, {
      logGroup: log,
      filterPattern,
      // A filter can give a metric no dimension that is not in the line.
      metricNamespace: accessMetricsNamespace(deploymentName),
      metricName,
    }).metric(sum);
  return {
    requests: api.metricCount(sum),
    clientErrors: api.metricClientError(sum),
    serverErrors: api.metricServerError(sum),
    latency: api.metricLatency({ period, statistic: 'p99' }),
    denied: counts ? count('Denied', accessMetricNames.denied, refusals) : undefined,
    policyUnreadable: counts ? count('PolicyUnreadable', accessMetricNames.policyUnreadable, badPolicies) : undefined,
  };
}

const refusals = FilterPattern.all(
  FilterPattern.stringValue('$.type', '=', 'access'),
  FilterPattern.any(
    FilterPattern.stringValue('$.outcome', '=', 'denied'),
    FilterPattern.stringValue('$.outcome', '=', 'unauthenticated'),
  ),
);

const badPolicies = FilterPattern.all(
  FilterPattern.stringValue('$.type', '=', 'policy'),
  FilterPattern.stringValue('$.level', '=', 'ERROR'),
);
