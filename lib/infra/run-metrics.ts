import { type Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import type { IConstruct } from 'constructs';
import { cdnMetricsRegion } from '../contract/cloud/alarms.ts';
import { type metricNames, metricsDimension, metricsNamespace } from '../contract/cloud/metrics.ts';

export type RunMetricName = (typeof metricNames)[keyof typeof metricNames];

/** A metric that the handlers write, of all runs of a deployment. */
export function runMetric(name: RunMetricName, deploymentName: string, period: Duration): cloudwatch.Metric {
  return new cloudwatch.Metric({
    namespace: metricsNamespace,
    metricName: name,
    dimensionsMap: { [metricsDimension]: deploymentName },
    statistic: name === 'RunSeconds' ? cloudwatch.Stats.MAXIMUM : cloudwatch.Stats.SUM,
    period,
  });
}

/** A metric of a distribution. They are kept in one region only, whichever the distribution is told of in. */
export function cdnMetric(
  name: 'Requests' | 'BytesDownloaded' | '4xxErrorRate' | '5xxErrorRate',
  distributionId: string,
  scope: IConstruct,
  period: Duration,
): cloudwatch.Metric {
  const { region } = Stack.of(scope);
  return new cloudwatch.Metric({
    namespace: 'AWS/CloudFront',
    metricName: name,
    dimensionsMap: { DistributionId: distributionId, Region: 'Global' },
    statistic: name.endsWith('Rate') ? cloudwatch.Stats.AVERAGE : cloudwatch.Stats.SUM,
    period,
    ...(region === cdnMetricsRegion ? {} : { region: cdnMetricsRegion }),
  });
}
