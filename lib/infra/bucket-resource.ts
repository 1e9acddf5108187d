import type { Bucket, CfnBucket, IBucket } from 'aws-cdk-lib/aws-s3';

/** What CloudFormation makes of a bucket. */
export function cfnBucket(bucket: Bucket): CfnBucket {
  return bucket.node.defaultChild as CfnBucket;
}

/** CDK declares its optional properties for compilers that do not tell a missing one from an undefined one. */
export function asInterface(bucket: Bucket): IBucket {
  return bucket as IBucket;
}

/**
 * Makes a bucket whose name ends in `-an` in the namespace of account and region: S3 keeps that suffix for it, and refuses
 * such a bucket without. The L2 would have the beginning of the name instead of the name, but only a resource whose
 * name the template spells out is adopted again (`cdk deploy --import-existing-resources`).
 */
export function placeInNamespace(bucket: Bucket, bucketName: string | undefined): void {
  if (bucketName?.endsWith('-an')) cfnBucket(bucket).bucketNamespace = 'account-regional';
}
