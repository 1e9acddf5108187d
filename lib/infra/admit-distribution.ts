import { Annotations, Stack } from 'aws-cdk-lib';
import type { IDistribution } from 'aws-cdk-lib/aws-cloudfront';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';

/**
 * Lets one distribution read a bucket, and be told by it what is not there. The bucket's key cannot name the distribution,
 * which follows from the bucket, which follows from the key: it admits those of the account, and the bucket this one.
 * https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/private-content-restricting-access-to-s3.html
 */
export function admitDistribution(bucket: IBucket, distribution: IDistribution): void {
  const principals = [new ServicePrincipal('cloudfront.amazonaws.com')];
  const conditions = { StringEquals: { 'AWS:SourceArn': distribution.distributionArn } };
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'ReadByCdn',
      principals,
      actions: ['s3:GetObject'],
      resources: [bucket.arnForObjects('*')],
      conditions,
    }),
  );
  bucket.addToResourcePolicy(
    new PolicyStatement({
      sid: 'MissByCdn',
      principals,
      actions: ['s3:ListBucket'],
      resources: [bucket.bucketArn],
      conditions,
    }),
  );
  if (bucket.encryptionKey === undefined) return;
  const { partition, account } = Stack.of(distribution);
  const { statementAdded } = bucket.encryptionKey.addToResourcePolicy(
    new PolicyStatement({
      sid: 'DecryptByCdn',
      principals,
      actions: ['kms:Decrypt'],
      resources: ['*'],
      conditions: { ArnLike: { 'AWS:SourceArn': `arn:${partition}:cloudfront::${account}:distribution/*` } },
    }),
  );
  if (!statementAdded) {
    Annotations.of(distribution).addWarningV2(
      'weighbridge:keyOfOthers',
      'The KMS key of the mirror is not of this app. CloudFront serves nothing before the policy of the key lets ' +
        'cloudfront.amazonaws.com kms:Decrypt, where AWS:SourceArn is the distribution.',
    );
  }
}
