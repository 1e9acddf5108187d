import { CfnCondition, Fn, Stack, Token } from 'aws-cdk-lib';
import * as cloudwatch from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { type AlarmId, cdnMetricsRegion } from '../contract/cloud/alarms.ts';
import { accessAlarms } from './access-alarms.ts';
import { type AlarmRule, cdnAlarms, type ObservedResources, pipelineAlarms } from './alarm-rules.ts';

export interface RunAlarmsProps extends ObservedResources {
  /** What names of alarms begin with, and the dimension of the runs' metrics: `cloud.name`. */
  readonly deploymentName: string;
  /** Told when an alarm goes off. */
  readonly topic: sns.ITopic;
  /** Do the handlers write metrics? Without them no alarm is made on those. @default true */
  readonly metrics?: boolean;
}

/**
 * Alarms on what needs somebody to look; each names its section of docs/runbook.md. What is not measured does not
 * breach: an idle deployment is a quiet one.
 *
 * 0.10 USD a month for each metric that an alarm watches.
 */
export class RunAlarms extends Construct {
  /** Those that exist wherever the stack is deployed. */
  readonly alarms: readonly cloudwatch.Alarm[];

  constructor(scope: Construct, id: string, props: RunAlarmsProps) {
    super(scope, id);
    const { deploymentName, distributionId, access, topic, metrics = true } = props;
    const rules = [
      ...pipelineAlarms(props, deploymentName).filter(({ id: one }) => metrics || one !== 'runs-degraded'),
      ...(access === undefined ? [] : accessAlarms(access)),
    ];
    const alarms = rules.map((rule) => this.#alarm(rule, deploymentName, topic));
    const ofCdn = distributionId === undefined ? [] : this.#cdnAlarms(distributionId, deploymentName, topic);
    this.alarms = [...alarms, ...ofCdn.filter((alarm) => !isConditional(alarm))];
  }

  /**
   * Only in the region that has the metrics: elsewhere an alarm on them would never go off. Where the region is not known
   * at synth, CloudFormation decides.
   */
  #cdnAlarms(distributionId: string, deploymentName: string, topic: sns.ITopic): cloudwatch.Alarm[] {
    const { region } = Stack.of(this);
    const isKnown = !Token.isUnresolved(region);
    if (isKnown && region !== cdnMetricsRegion) return [];
    const alarms = cdnAlarms(distributionId, this).map((rule) => this.#alarm(rule, deploymentName, topic));
    if (isKnown) return alarms;
    const condition = new CfnCondition(this, 'HasCdnMetrics', {
      expression: Fn.conditionEquals(region, cdnMetricsRegion),
    });
    for (const alarm of alarms) resourceOf(alarm).cfnOptions.condition = condition;
    return alarms;
  }

  #alarm(rule: AlarmRule, deploymentName: string, topic: sns.ITopic): cloudwatch.Alarm {
    const { id, of, says, metric, threshold, periods = 1 } = rule;
    const name = of === undefined ? id : `${id}-${of}`;
    const alarm = new cloudwatch.Alarm(this, name, {
      alarmName: `${deploymentName}-${name}`,
      alarmDescription: describe(id, says),
      metric,
      threshold,
      evaluationPeriods: periods,
      comparisonOperator: cloudwatch.ComparisonOperator.GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
      treatMissingData: cloudwatch.TreatMissingData.NOT_BREACHING,
    });
    alarm.addAlarmAction(new SnsAction(topic));
    return alarm;
  }
}

function resourceOf(alarm: cloudwatch.Alarm): cloudwatch.CfnAlarm {
  return alarm.node.defaultChild as cloudwatch.CfnAlarm;
}

function isConditional(alarm: cloudwatch.Alarm): boolean {
  return resourceOf(alarm).cfnOptions.condition !== undefined;
}

function describe(id: AlarmId, says: string): string {
  return `${says} What to do: docs/runbook.md#${id}`;
}
