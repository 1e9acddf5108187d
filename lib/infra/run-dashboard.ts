import { Duration, Stack } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { Construct } from 'constructs';
import { cdnMetricsRegion } from '../contract/cloud/alarms.ts';
import { metricNames } from '../contract/cloud/metrics.ts';
import type { AccessMetrics } from './access-metrics.ts';
import type { ObservedResources } from './alarm-rules.ts';
import { cdnMetric, runMetric } from './run-metrics.ts';

export interface RunDashboardProps extends ObservedResources {
  /** `cloud.name`. */
  readonly deploymentName: string;
  /** Shown by their states. @default - none */
  readonly alarms?: readonly cloudwatch.IAlarm[];
  /** Do the handlers write metrics? @default true */
  readonly metrics?: boolean;
}

const width = 8;
const hour = Duration.hours(1);
const minutes = Duration.minutes(5);

/**
 * One page about a deployment: what runs did, what the functions do, what readers get.
 *
 * 3 USD a month, beyond the first three dashboards of an account.
 */
export class RunDashboard extends Construct {
  readonly dashboard: cloudwatch.Dashboard;

  constructor(scope: Construct, id: string, props: RunDashboardProps) {
    super(scope, id);
    const { deploymentName, alarms = [], metrics = true, distributionId, access } = props;
    this.dashboard = new cloudwatch.Dashboard(this, 'Dashboard', {
      // Dashboards are of the whole account, deployments of a region.
      dashboardName: `${deploymentName}-${Stack.of(this).region}`,
      defaultInterval: Duration.days(7),
    });
    if (alarms.length > 0) {
      this.dashboard.addWidgets(
        new cloudwatch.AlarmStatusWidget({ title: 'Alarms', alarms: [...alarms], width: 24, height: 3 }),
      );
    }
    this.dashboard.addWidgets(...(metrics ? this.#runs(deploymentName) : []), this.#executions(props));
    this.dashboard.addWidgets(...this.#functions(props));
    if (distributionId !== undefined) this.dashboard.addWidgets(...this.#cdn(distributionId));
    if (access !== undefined) this.dashboard.addWidgets(...this.#access(access.metrics));
  }

  #runs(deploymentName: string): cloudwatch.GraphWidget[] {
    const { runsPublished, runsDegraded, runsFailed, runsRefused, bytesMoved } = metricNames;
    const metric = (name: (typeof metricNames)[keyof typeof metricNames]) => runMetric(name, deploymentName, hour);
    return [
      graph('Runs', [runsPublished, runsDegraded, runsFailed, runsRefused].map(metric)),
      graph('Bytes moved', [metric(bytesMoved)]),
      graph('Held up', [metric(metricNames.passesThrottled), metric(metricNames.artifactsFailed)]),
      graph('Seconds of the longest run', [metric(metricNames.runSeconds)]),
    ];
  }

  #executions({ stateMachine, deadLetters }: RunDashboardProps): cloudwatch.GraphWidget {
    const period = { period: hour };
    return graph('Executions', [
      stateMachine.metricStarted(period),
      stateMachine.metricSucceeded(period),
      stateMachine.metricFailed(period),
      stateMachine.metricTimedOut(period),
      stateMachine.metricAborted(period),
      deadLetters.metricApproximateNumberOfMessagesVisible({ ...period, statistic: cloudwatch.Stats.MAXIMUM }),
    ]);
  }

  #functions({ functions }: RunDashboardProps): cloudwatch.GraphWidget[] {
    const all = Object.entries(functions);
    const period = { period: minutes };
    return [
      graph(
        'Errors of functions',
        all.map(([label, one]) => one.metricErrors({ ...period, label })),
      ),
      graph(
        'Throttles of functions',
        all.map(([label, one]) => one.metricThrottles({ ...period, label })),
      ),
      graph(
        'Longest pass',
        all.map(([label, one]) => one.metricDuration({ ...period, label, statistic: cloudwatch.Stats.MAXIMUM })),
      ),
    ];
  }

  #cdn(distributionId: string): cloudwatch.GraphWidget[] {
    const metric = (name: Parameters<typeof cdnMetric>[0]) => cdnMetric(name, distributionId, this, hour);
    return [
      graph('Requests of readers', [metric('Requests')], cdnMetricsRegion),
      graph('Bytes to readers', [metric('BytesDownloaded')], cdnMetricsRegion),
      graph('Errors of readers, %', [metric('4xxErrorRate'), metric('5xxErrorRate')], cdnMetricsRegion),
    ];
  }

  #access({ requests, clientErrors, serverErrors, latency, denied, policyUnreadable }: AccessMetrics) {
    const counted = [denied, policyUnreadable].filter((metric) => metric !== undefined);
    return [
      graph('Requests to the access API', [requests, clientErrors, serverErrors]),
      ...(counted.length === 0 ? [] : [graph('Refused by the access policy', counted)]),
      graph('Milliseconds of the slowest hundredth', [latency]),
    ];
  }
}

function graph(title: string, left: cloudwatch.IMetric[], region?: string): cloudwatch.GraphWidget {
  return new cloudwatch.GraphWidget({ title, left, width, ...(region === undefined ? {} : { region }) });
}
