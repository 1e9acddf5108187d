import { Duration } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import {
  inboxPrefix,
  mapResultsPrefix,
  policyKey,
  policyPrefix,
  reportsPrefix,
  submissionsPrefix,
  workPrefix,
} from '../contract/cloud/state-keys.ts';
import { grantOnBucket } from './bucket-grant.ts';
import { asInterface, cfnBucket } from './bucket-resource.ts';
import { defaultUnfinishedUploads, type ProtectedBucketProps, protectedBucket } from './protected-bucket.ts';

export interface StateBucketProps extends ProtectedBucketProps {
  /**
   * How long submissions, checkpoints, reports and inbox are kept, counted from when each was last written.
   *
   * @default Duration.days(60)
   */
  readonly expireAfter?: Duration;
  /**
   * When an unfinished upload into the inbox is ended.
   *
   * @default Duration.days(14)
   */
  readonly unfinishedUploads?: Duration;
  /**
   * How long replaced access policies are kept: who was granted what, and when, beside what Git says.
   *
   * @default Duration.days(365)
   */
  readonly policyHistory?: Duration;
}

/** Everything in the bucket has one of these prefixes, and expires; the access policy alone does not. */
const prefixes = [submissionsPrefix, inboxPrefix, reportsPrefix, workPrefix, mapResultsPrefix];

/**
 * Where the pipeline keeps what it works with: submissions, inbox, checkpoints, reports. Private, and as trusted as the
 * mirrors: a checkpoint may hold the address of an upload session. Each new object is told to EventBridge.
 */
export class StateBucket extends Construct {
  /** The bucket itself. */
  readonly bucket: IBucket;

  constructor(scope: Construct, id: string, props: StateBucketProps = {}) {
    super(scope, id);
    const expiration = props.expireAfter ?? Duration.days(60);
    const bucket = protectedBucket(this, 'Bucket', props, {
      lifecycleRules: [
        {
          id: 'unfinished-uploads',
          abortIncompleteMultipartUploadAfter: props.unfinishedUploads ?? defaultUnfinishedUploads,
        },
        ...prefixes.map((prefix) => ({
          id: `expire-${prefix.slice(0, -1)}`,
          prefix,
          expiration,
          // Progress and checkpoints are written again and again; events name the version that they are about.
          noncurrentVersionExpiration: Duration.days(1),
        })),
        // Not for the whole bucket: of two rules about one version S3 takes the one that ends it sooner.
        {
          id: 'policy-history',
          prefix: policyPrefix,
          noncurrentVersionExpiration: props.policyHistory ?? Duration.days(365),
        },
        { id: 'delete-markers', expiredObjectDeleteMarker: true },
      ],
    });
    this.bucket = asInterface(bucket);
    // The L2's switch would add a custom resource with a function of its own.
    cfnBucket(bucket).notificationConfiguration = { eventBridgeConfiguration: { eventBridgeEnabled: true } };
  }

  /** The pipeline's working state: checkpoints, leases, items, results. */
  grantWork(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      // Not narrowed by s3:prefix: without the plain right S3 answers 403 for a document that is not there yet.
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:PutObject'], keys: [`${workPrefix}*`] }],
      kms: ['kms:GenerateDataKey', 'kms:Decrypt'],
      reason: 'Names of working documents follow from runs.',
    });
  }

  /** What publishers submitted, by the version that the event names. */
  grantReadSubmissions(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:GetObjectVersion'], keys: [`${submissionsPrefix}*`] }],
      kms: ['kms:Decrypt'],
      reason: 'Names of submissions follow from runs.',
    });
  }

  /** Bytes that publishers sent before their manifests. Whose they are, the program tells from the key. */
  grantReadInbox(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:GetObjectVersion'], keys: [`${inboxPrefix}*`] }],
      kms: ['kms:Decrypt'],
      reason: 'Names in the inbox are digests.',
    });
  }

  /** Reports and progress, which are also read before they are replaced. */
  grantWriteReports(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:PutObject'], keys: [`${reportsPrefix}*`] }],
      kms: ['kms:GenerateDataKey', 'kms:Decrypt'],
      reason: 'Names of reports follow from runs.',
    });
  }

  /**
   * What `submit` of one publisher asks: put below its own `submissions/` and `inbox/`, where nothing can be read back
   * or deleted, and read its own `reports/`. What is not there yet is found by listing `reports/{publisher}/`: to ask
   * for it by name is answered 403.
   *
   * @param publisher name of a publisher, as in weighbridge.yaml
   */
  grantSubmit(grantee: IGrantable, publisher: string): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      listed: [`${reportsPrefix}${publisher}/*`],
      objects: [
        { actions: ['s3:PutObject'], keys: [`${submissionsPrefix}${publisher}/*`] },
        {
          actions: ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'],
          keys: [`${inboxPrefix}${publisher}/*`],
        },
        { actions: ['s3:GetObject'], keys: [`${reportsPrefix}${publisher}/*`] },
      ],
      kms: ['kms:GenerateDataKey', 'kms:Decrypt'],
      reason: 'Names follow from runs and digests; the prefixes are those of one publisher.',
    });
  }

  /** The access policy that holds. That there is none yet is told by listing: to ask for it by name is answered 403. */
  grantReadPolicy(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject'], keys: [policyKey] }],
      kms: ['kms:Decrypt'],
      reason: 'It is one object.',
    });
  }

  /** Replaces the access policy by compare-and-swap, so after it was read. */
  grantWritePolicy(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:PutObject'], keys: [policyKey] }],
      kms: ['kms:GenerateDataKey', 'kms:Decrypt'],
      reason: 'It is one object.',
    });
  }
}
