import { Duration } from 'aws-cdk-lib';
import type { Grant, IGrantable } from 'aws-cdk-lib/aws-iam';
import { type Bucket, HttpMethods, type IBucket } from 'aws-cdk-lib/aws-s3';
import { Construct } from 'constructs';
import { grantOnBucket } from './bucket-grant.ts';
import { admitReaders, type BucketReaders } from './bucket-readers.ts';
import { asInterface } from './bucket-resource.ts';
import { defaultUnfinishedUploads, type ProtectedBucketProps, protectedBucket } from './protected-bucket.ts';

export interface MirrorBucketProps extends ProtectedBucketProps {
  /**
   * How long replaced and deleted versions of objects are kept; `registry.json` leaves one at each publication.
   *
   * @default Duration.days(90)
   */
  readonly noncurrentVersions?: Duration;
  /**
   * When an unfinished upload is ended. It must be longer than any run is resumed.
   *
   * @default Duration.days(14)
   */
  readonly unfinishedUploads?: Duration;
  /**
   * Who may read objects directly, by `s3://`.
   *
   * @default - nobody but who is granted it
   */
  readonly readers?: BucketReaders;
}

/** A bucket that releases are published in: versioned, encrypted, private, and kept when its stack goes. */
export class MirrorBucket extends Construct {
  /** The bucket itself. */
  readonly bucket: IBucket;
  readonly #made: Bucket;

  constructor(scope: Construct, id: string, props: MirrorBucketProps = {}) {
    super(scope, id);
    this.#made = protectedBucket(this, 'Bucket', props, {
      lifecycleRules: [
        {
          id: 'unfinished-uploads',
          abortIncompleteMultipartUploadAfter: props.unfinishedUploads ?? defaultUnfinishedUploads,
        },
        {
          id: 'replaced-versions',
          noncurrentVersionExpiration: props.noncurrentVersions ?? Duration.days(90),
          expiredObjectDeleteMarker: true,
        },
      ],
    });
    this.bucket = asInterface(this.#made);
    if (props.readers !== undefined) admitReaders(this.#made, props.readers);
  }

  /** What `ls`, `pull` and `verify` ask of `s3://`: list, read, also of a pinned version. */
  grantRead(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: ['s3:ListBucket'],
      objects: [{ actions: ['s3:GetObject', 's3:GetObjectVersion'], keys: ['*'] }],
      kms: ['kms:Decrypt'],
      reason: 'A mirror is read as a whole.',
    });
  }

  /** What staging into the bucket asks, and nothing that deletes: the policy of docs/stores.md. */
  grantPublish(grantee: IGrantable): Grant {
    return grantOnBucket(this.bucket, grantee, {
      bucket: [
        's3:ListBucket',
        's3:ListBucketMultipartUploads',
        's3:GetBucketVersioning',
        's3:GetBucketObjectLockConfiguration',
      ],
      objects: [
        {
          actions: [
            's3:GetObject',
            's3:GetObjectVersion',
            's3:PutObject',
            's3:ListMultipartUploadParts',
            's3:AbortMultipartUpload',
          ],
          keys: ['*'],
        },
      ],
      kms: ['kms:GenerateDataKey', 'kms:Decrypt'],
      reason: 'Which releases come is not known when the role is made; what is there cannot be deleted.',
    });
  }

  /** Lets pages of these origins read the bucket; answers the preflights that CloudFront passes on. */
  allowOrigins(origins: readonly string[]): void {
    this.#made.addCorsRule({
      allowedOrigins: [...origins],
      allowedMethods: [HttpMethods.GET, HttpMethods.HEAD],
      allowedHeaders: ['*'],
      exposedHeaders: [...exposedHeaders],
      maxAge: 86_400,
    });
  }
}

/** Headers that programs in a page need in order to read by ranges and to check what they got. */
export const exposedHeaders = [
  'Accept-Ranges',
  'Content-Length',
  'Content-Range',
  'ETag',
  'x-amz-meta-release',
  'x-amz-meta-sha256',
  'x-amz-meta-size',
] as const;
