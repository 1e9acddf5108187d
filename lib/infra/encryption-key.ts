import { RemovalPolicy } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import { Construct } from 'constructs';

export interface EncryptionKeyProps {
  /**
   * Alias, without `alias/`.
   *
   * @default - none
   */
  readonly alias?: string;
}

/** One KMS key for all that a deployment keeps: buckets, log groups, notifications. */
export class EncryptionKey extends Construct {
  /** The key itself. */
  readonly key: Key;

  constructor(scope: Construct, id: string, { alias }: EncryptionKeyProps = {}) {
    super(scope, id);
    this.key = new Key(this, 'Key', {
      ...(alias === undefined ? {} : { alias }),
      description: 'Weighbridge: mirrors, working state, logs',
      enableKeyRotation: true,
      // What it encrypts outlives the stack, and is nothing without it.
      removalPolicy: RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
  }
}
