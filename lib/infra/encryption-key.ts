import { RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { type IKey, Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface EncryptionKeyProps {
  /**
   * Alias, without `alias/`.
   *
   * @default - none
   */
  readonly alias?: string;
  /**
   * What becomes of the key when its stack is destroyed. What it encrypts outlives the stack, and is nothing without it.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/**
 * One KMS key for all that a deployment keeps: buckets, log groups, notifications. It changes every year. Roles of the
 * account use it by their own policies; services only for this account. A key has no name, so the one of a stack that was
 * destroyed is not adopted again: give its ARN to the next one, instead of a new key.
 */
export class EncryptionKey extends Construct {
  /** The key itself. */
  readonly key: IKey;

  constructor(scope: Construct, id: string, { alias, removalPolicy }: EncryptionKeyProps = {}) {
    super(scope, id);
    const { account, region, partition, urlSuffix } = Stack.of(this);
    this.key = new Key(this, 'Key', {
      ...(alias === undefined ? {} : { alias }),
      description: 'Weighbridge: mirrors, working state, logs',
      enableKeyRotation: true,
      removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    // https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/encrypt-log-data-kms.html
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'LogGroups',
        principals: [new ServicePrincipal(`logs.${region}.${urlSuffix}`)],
        actions: ['kms:Encrypt', 'kms:Decrypt', 'kms:ReEncrypt*', 'kms:GenerateDataKey*', 'kms:DescribeKey'],
        resources: ['*'],
        conditions: {
          ArnLike: { 'kms:EncryptionContext:aws:logs:arn': `arn:${partition}:logs:${region}:${account}:log-group:*` },
        },
      }),
    );
    // Alarms and rules speak through an encrypted topic: https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
    this.key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'Notifications',
        principals: ['cloudwatch', 'events'].map((service) => new ServicePrincipal(`${service}.amazonaws.com`)),
        actions: ['kms:Decrypt', 'kms:GenerateDataKey*'],
        resources: ['*'],
        conditions: { StringEquals: { 'aws:SourceAccount': account } },
      }),
    );
  }
}
