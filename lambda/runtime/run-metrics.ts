import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { RuntimeConfiguration } from '../../lib/contract/cloud/deployment.ts';
import { metricNames, metricsDimension, metricsNamespace } from '../../lib/contract/cloud/metrics.ts';
import type { RunEnded } from '../../lib/contract/cloud/run-ended.ts';

type MetricName = (typeof metricNames)[keyof typeof metricNames];

const units: Readonly<Partial<Record<MetricName, (typeof MetricUnit)[keyof typeof MetricUnit]>>> = {
  [metricNames.bytesMoved]: MetricUnit.Bytes,
  [metricNames.runSeconds]: MetricUnit.Seconds,
};

/** Writes metrics into the log, from where CloudWatch takes them; nothing where the deployment switched them off. */
export interface RunMetrics {
  count(name: MetricName, value: number): void;
  /** Writes what was counted. */
  publish(): void;
}

export function runMetrics({
  name: deployment,
  metrics: on,
}: Pick<RuntimeConfiguration, 'name' | 'metrics'>): RunMetrics {
  if (!on) return { count() {}, publish() {} };
  const metrics = new Metrics({ namespace: metricsNamespace });
  return {
    count: (name, value) => void metrics.addMetric(name, units[name] ?? MetricUnit.Count, value),
    publish() {
      if (!metrics.hasStoredMetrics()) return;
      // The library adds a dimension of its own, and every combination of dimensions is another metric.
      metrics.clearDefaultDimensions();
      metrics.addDimension(metricsDimension, deployment);
      metrics.publishStoredMetrics();
    },
  };
}

const runStates: Readonly<Record<string, MetricName>> = {
  published: metricNames.runsPublished,
  present: metricNames.runsPublished,
  degraded: metricNames.runsDegraded,
  failed: metricNames.runsFailed,
  refused: metricNames.runsRefused,
};

/** One that was superseded counts as none of these: the run that took its place does. */
export function countRun(metrics: RunMetrics, run: RunEnded): void {
  const ended = runStates[run.state];
  if (ended !== undefined) metrics.count(ended, 1);
  metrics.count(metricNames.bytesMoved, run.bytesMoved);
  metrics.count(metricNames.artifactsFailed, run.artifactsFailed);
  metrics.count(metricNames.runSeconds, run.seconds);
}
