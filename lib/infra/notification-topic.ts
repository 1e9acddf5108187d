import { Stack } from 'aws-cdk-lib';
import * as iam from 'aws-cdk-lib/aws-iam';
import type * as kms from 'aws-cdk-lib/aws-kms';
import * as sns from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import { Construct } from 'constructs';

export interface NotificationTopicProps {
  /** Addresses; each has to confirm its subscription once. @default - none */
  readonly emails?: readonly string[];
  /**
   * Encrypts messages while SNS holds them. Its policy is extended by the services that publish; a key that is only
   * named by its ARN must let cloudwatch.amazonaws.com and events.amazonaws.com use it already.
   * @default - none: SNS's own key lets no other service publish
   */
  readonly encryptionKey?: kms.IKey;
}

/** Where alarms and failed runs are told. Without subscribers it costs nothing. */
export class NotificationTopic extends Construct {
  readonly topic: sns.Topic;

  constructor(scope: Construct, id: string, { emails = [], encryptionKey }: NotificationTopicProps = {}) {
    super(scope, id);
    this.topic = new sns.Topic(this, 'Topic', {
      enforceSSL: true,
      ...(encryptionKey === undefined ? {} : { masterKey: encryptionKey }),
    });
    for (const email of new Set(emails)) this.topic.addSubscription(new EmailSubscription(email));
    // A policy of its own replaces the one by which every service of the account might publish.
    const { account } = Stack.of(this);
    const alarms = new iam.ServicePrincipal('cloudwatch.amazonaws.com');
    this.topic.addToResourcePolicy(
      new iam.PolicyStatement({
        sid: 'AlarmsPublish',
        principals: [alarms],
        actions: ['sns:Publish'],
        resources: [this.topic.topicArn],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
    if (encryptionKey === undefined) return;
    // Event rules are admitted to the key with their target.
    encryptionKey.addToResourcePolicy(
      new iam.PolicyStatement({
        principals: [alarms],
        actions: ['kms:Decrypt', 'kms:GenerateDataKey'],
        // Of a key's policy: this key.
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}
