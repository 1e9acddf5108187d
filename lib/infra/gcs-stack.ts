import { CfnOutput, Stack, type StackProps } from 'aws-cdk-lib';
import type { Construct } from 'constructs';
import { GcsMirror, type GcsMirrorProps } from './gcs-mirror.ts';

export type GcsStackProps = StackProps & GcsMirrorProps;

/**
 * The mirror in Google Cloud Storage, a stack of its own: the stack in AWS takes nothing from it but names that both
 * know, so that its failure never rolls the other one back.
 */
export class GcsStack extends Stack {
  readonly mirror: GcsMirror;

  constructor(scope: Construct, id: string, props: GcsStackProps) {
    super(scope, id, props);
    this.mirror = new GcsMirror(this, 'Mirror', props);
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
