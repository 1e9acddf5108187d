import type * as kms from 'aws-cdk-lib/aws-kms';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import type { ObservedResources } from './alarm-rules.ts';
import { NotificationTopic } from './notification-topic.ts';
import { RunAlarms } from './run-alarms.ts';
import { RunDashboard } from './run-dashboard.ts';
import { RunNotices } from './run-notices.ts';

export interface RunObservabilityProps extends ObservedResources {
  /** `cloud.name`: what the handlers' metrics and events carry, and names begin with. */
  readonly deploymentName: string;
  /** A dashboard: 3 USD a month beyond the first three of an account. @default true */
  readonly dashboard?: boolean;
  /** Alarms: 0.10 USD a month for each metric watched, about 2.60 USD with all functions. @default true */
  readonly alarms?: boolean;
  /** Do the handlers write metrics, at 0.30 USD a month each while they are written? @default true */
  readonly metrics?: boolean;
  /** Addresses that are told of alarms and failed runs; SNS sends the first 1,000 e-mails a month for nothing. @default - none */
  readonly notify?: readonly string[];
  /** Told instead of a topic made here; its policy must let CloudWatch alarms publish. @default - one is made */
  readonly topic?: sns.ITopic;
  /** Encrypts the topic that is made. @default - not encrypted with a key of the account */
  readonly encryptionKey?: kms.IKey;
}

/**
 * What tells people how a pipeline is doing: alarms and notices of failed runs into one topic, and a dashboard.
 *
 * @example
 * new RunObservability(this, 'Observability', { deploymentName, ...pipeline, ...settings.observability });
 */
export class RunObservability extends Construct {
  readonly topic: sns.ITopic;
  /** Undefined where they are switched off. */
  readonly alarms: RunAlarms | undefined;
  /** Undefined where it is switched off. */
  readonly dashboard: RunDashboard | undefined;

  constructor(scope: Construct, id: string, props: RunObservabilityProps) {
    super(scope, id);
    const { deploymentName, dashboard = true, alarms = true, notify = [], encryptionKey } = props;
    this.topic =
      props.topic ??
      new NotificationTopic(this, 'Notifications', {
        emails: notify,
        ...(encryptionKey === undefined ? {} : { encryptionKey }),
      }).topic;
    new RunNotices(this, 'Notices', { deploymentName, topic: this.topic });
    this.alarms = alarms ? new RunAlarms(this, 'Alarms', { ...props, topic: this.topic }) : undefined;
    this.dashboard = dashboard
      ? new RunDashboard(this, 'Dashboard', { ...props, alarms: this.alarms?.alarms ?? [] })
      : undefined;
  }
}
