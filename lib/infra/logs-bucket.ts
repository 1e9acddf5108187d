import { Duration, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { PolicyStatement, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { BlockPublicAccess, Bucket, BucketEncryption, type IBucket, ObjectOwnership } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { acknowledge } from './acknowledge.ts';
import { asInterface, placeInNamespace } from './bucket-resource.ts';

export interface LogsBucketProps {
  /**
   * Full name, as of the other buckets.
   *
   * @default - CloudFormation makes one up
   */
  readonly bucketName?: string;
  /**
   * How long logs are kept.
   *
   * @default Duration.days(90)
   */
  readonly expireAfter?: Duration;
  /**
   * Does CloudFront write here? Its logs come by an ACL, so ownership is then preferred, not enforced.
   *
   * @default false
   */
  readonly cdnLogs?: boolean;
  /**
   * What becomes of the logs when the stack is destroyed.
   *
   * @default RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE
   */
  readonly removalPolicy?: RemovalPolicy;
}

/** Where access logs of buckets lie. */
export const accessLogsPrefix = 's3/';

/** Access logs of S3 and CloudFront. Encrypted with keys of S3: S3 writes its logs nowhere else. */
export class LogsBucket extends Construct {
  /** The bucket itself. */
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: LogsBucketProps = {}) {
    super(scope, id);
    const bucket = new Bucket(this, 'Bucket', {
      ...(props.bucketName === undefined ? {} : { bucketName: props.bucketName }),
      encryption: BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      minimumTLSVersion: 1.2,
      blockPublicAccess: BlockPublicAccess.BLOCK_ALL,
      objectOwnership: props.cdnLogs ? ObjectOwnership.BUCKET_OWNER_PREFERRED : ObjectOwnership.BUCKET_OWNER_ENFORCED,
      lifecycleRules: [
        {
          id: 'expire',
          expiration: props.expireAfter ?? Duration.days(90),
          abortIncompleteMultipartUploadAfter: Duration.days(7),
        },
      ],
      removalPolicy: props.removalPolicy ?? RemovalPolicy.RETAIN_ON_UPDATE_OR_DELETE,
    });
    this.bucket = asInterface(bucket);
    placeInNamespace(bucket, props.bucketName);
    bucket.addToResourcePolicy(
      new PolicyStatement({
        sid: 'AccessLogs',
        principals: [new ServicePrincipal('logging.s3.amazonaws.com')],
        actions: ['s3:PutObject'],
        resources: [bucket.arnForObjects(`${accessLogsPrefix}*`)],
        conditions: { StringEquals: { 'aws:SourceAccount': Stack.of(this).account } },
      }),
    );
    acknowledge(bucket, 'AwsSolutions-S1', 'Logs of the bucket of logs would go into itself without end.');
  }
}
