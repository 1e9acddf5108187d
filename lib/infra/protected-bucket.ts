import { Duration, RemovalPolicy } from 'aws-cdk-lib';
import type { IKey } from 'aws-cdk-lib/aws-kms';
import {
  BlockPublicAccess,
  Bucket,
  BucketEncryption,
  type BucketProps,
  type IBucket,
  type LifecycleRule,
  ObjectOwnership,
} from 'aws-cdk-lib/aws-s3';
import { type Construct, Node } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { cfnBucket, placeInNamespace } from './bucket-resource.ts';
import { accessLogsPrefix } from './logs-bucket.ts';

/** How a bucket of the mirror is kept; every construct here that has one takes these. */
export interface ProtectedBucketProps {
  /**
   * Full name. One that ends in `-{account}-{region}-an` is made in the namespace of account and region, where nobody
   * else can take it. A bucket that was kept when its stack was destroyed is adopted again by `cdk deploy
   * --import-existing-resources`, if its name is spelled out in the template, so if the stack knows account and region:
   * https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/import-resources-automatically.html
   *
   * @default - CloudFormation makes one up; the bucket can then not be adopted again
   */
  readonly bucketName?: string;
  /**
   * Key for everything in the bucket; it is used once per bucket key, not once per object.
   *
   * @default - keys of S3 (SSE-S3)
   */
  readonly encryptionKey?: IKey;
  /**
   * Where S3 writes server access logs, below `s3/{id of the construct}/`: `LogsBucket.bucket`, or one whose policy lets
   * it, too.
   *
   * @default - no access logs
   */
  readonly accessLogs?: IBucket;
  /**
   * What becomes of the bucket when its stack is destroyed.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE - kept, except when the deployment that makes it fails
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Days an unfinished upload is kept unless said otherwise: longer than any run is resumed. */
export const defaultUnfinishedUploads = Duration.days(14);

/** Which settings S3 must have before its contents are worth anything, and what the caller adds. */
export function protectedBucket(
  scope: Construct,
  id: string,
  { bucketName, encryptionKey, accessLogs, removalPolicy }: ProtectedBucketProps,
  more: { readonly lifecycleRules: LifecycleRule[] } & Pick<BucketProps, 'cors'>,
): Bucket {
  const bucket = new Bucket(scope, id, {
    ...more,
    ...(bucketName === undefined ? {} : { bucketName }),
    ...(encryptionKey === undefined
      ? { encryption: BucketEncryption.S3_MANAGED }
      : { encryption: BucketEncryption.KMS, encryptionKey, bucketKeyEnabled: true }),
    versioned: true,
    enforceSSL: true,
    minimumTLSVersion: 1.2,
    blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
    objectOwnership: ObjectOwnership.BUCKET_OWNER_ENFORCED,
    removalPolicy: removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
  });
  placeInNamespace(bucket, bucketName);
  if (accessLogs === undefined) {
    acknowledge(
      bucket,
      'AwsSolutions-S1',
      'Access logs are a setting, off by default: they cost storage and requests.',
    );
  } else {
    // Not by the L2, which lets S3 write by an ACL unless a feature flag is set.
    cfnBucket(bucket).loggingConfiguration = {
      destinationBucketName: accessLogs.bucketName,
      logFilePrefix: `${accessLogsPrefix}${Node.of(scope).id}/`,
    };
  }
  return bucket;
}
