import { accessApiOf } from '../../contract/cloud/cloud-configuration.ts';
import type { Deployment } from '../../contract/cloud/deployment.ts';
import { accessMetricNames, metricNames } from '../../contract/cloud/metrics.ts';
import type { PriceTable } from '../../contract/cloud/prices.ts';
import { type CostLine, costLine } from './cost-line.ts';

/** What a deployment costs in a month in which nothing is staged and nothing read; what it keeps is not counted. */
export function idleMonth(deployment: Deployment, alarms: number, table: PriceTable): readonly CostLine[] {
  const { cloud, sources } = deployment;
  const { observability } = cloud;
  const { huggingFace, github, origins } = sources.tokens;
  const secrets = new Set([huggingFace, github, ...origins].flatMap((grant) => grant?.secret ?? []));
  return [
    ...(cloud.encryptionKey === 'create' ? [costLine(table, 'kmsKey', 'the encryption key', 1)] : []),
    ...(observability.dashboard ? [costLine(table, 'dashboard', 'the dashboard', 1)] : []),
    ...(observability.alarms ? [costLine(table, 'alarm', 'alarms', alarms)] : []),
    // A metric is billed only for the hours in which it is written: this is the month in which every kind of end occurs.
    ...(observability.metrics
      ? [costLine(table, 'metric', 'metrics, where runs are staged', Object.keys(metricNames).length)]
      : []),
    // Likewise the month in which somebody is refused and a policy cannot be read.
    ...(observability.metrics && accessApiOf(cloud) !== undefined
      ? [costLine(table, 'metric', 'metrics, where the access API refuses', Object.keys(accessMetricNames).length)]
      : []),
    ...(secrets.size > 0 ? [costLine(table, 'secret', 'tokens in Secrets Manager', secrets.size)] : []),
  ];
}
