import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import { GcsMirror, type GcsMirrorProps } from './gcs-mirror.ts';

export type GcsStackProps = StackProps &
  Omit<GcsMirrorProps, 'encryptionKey'> & {
    /** ARN of the KMS key of the function's logs; none that another stack of the app makes. @default - a key of CloudWatch */
    readonly encryptionKeyArn?: string;
  };

/**
 * The mirror in Google Cloud Storage, a stack of its own: neither stack takes anything from the other but names that both
 * know, so that each is deployed, changed and destroyed without the other.
 */
export class GcsStack extends Stack {
  readonly mirror: GcsMirror;

  constructor(scope: Construct, id: string, props: GcsStackProps) {
    super(scope, id, props);
    const { encryptionKeyArn } = props;
    this.mirror = new GcsMirror(this, 'Mirror', {
      ...props,
      ...(encryptionKeyArn === undefined
        ? {}
        : { encryptionKey: Key.fromKeyArn(this, 'EncryptionKey', encryptionKeyArn) }),
    });
    for (const [access, url] of Object.entries(this.mirror.urls)) {
      new CfnOutput(this, access === 'public' ? 'PublicBucketUrl' : 'PrivateBucketUrl', {
        value: url,
        description: `Where ${access} releases are copied to; \`replicas\` in weighbridge.yaml says which`,
      });
    }
    new CfnOutput(this, 'BucketsRole', {
      value: this.mirror.handler.role.roleArn,
      description: 'The role that docs/gcp.md trusts with making buckets',
    });
  }
}
