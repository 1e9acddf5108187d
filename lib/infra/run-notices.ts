import * as events from 'aws-cdk-lib/aws-events';
import { SnsTopic } from 'aws-cdk-lib/aws-events-targets';
import type * as sns from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';
import { eventSource, eventTypes } from '../contract/cloud/metrics.ts';
import type { RunEnded } from '../contract/cloud/run-ended.ts';

export interface RunNoticesProps {
  /** `cloud.name`: runs of other deployments are theirs. */
  readonly deploymentName: string;
  /** Its policy is extended. */
  readonly topic: sns.ITopic;
}

/**
 * Tells a topic of every run that did not publish all that it should, in words. Costs nothing. The topic, and its key, must
 * admit events.amazonaws.com without a condition: EventBridge names neither rule nor account there, and a condition
 * would never hold. https://docs.aws.amazon.com/eventbridge/latest/userguide/eb-use-resource-based.html
 */
export class RunNotices extends Construct {
  readonly rule: events.Rule;

  constructor(scope: Construct, id: string, { deploymentName, topic }: RunNoticesProps) {
    super(scope, id);
    const wanted = {
      deployment: [deploymentName],
      ok: [false],
      // Whoever submitted again knows.
      state: [{ 'anything-but': ['superseded'] }],
    } satisfies Partial<Record<keyof RunEnded, unknown[]>>;
    this.rule = new events.Rule(this, 'Rule', {
      description: `Runs of ${deploymentName} that did not end well`,
      eventPattern: { source: [eventSource], detailType: [eventTypes.ended], detail: wanted },
      targets: [new SnsTopic(topic, { message: events.RuleTargetInput.fromText(notice()) })],
    });
  }
}

function notice(): string {
  const field = (name: keyof RunEnded) => events.EventField.fromPath(`$.detail.${name}`);
  return (
    `Weighbridge ${field('deployment')}: the run of ${field('what')} ended as ${field('state')}. ` +
    `Publisher ${field('publisher')}, run ${field('run')}, attempt ${field('attempt')}. ` +
    `Why: weighbridge status ${field('run')}. What to do: docs/runbook.md.`
  );
}
