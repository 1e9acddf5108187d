import type { S3Client } from '@aws-sdk/client-s3';
import type { Storage } from '@google-cloud/storage';
import type { Dispatcher } from 'undici';

/** How new objects of an S3 bucket are stored. What is absent is left to the bucket's own settings. */
export interface S3Settings {
  /** Such as `STANDARD_IA` or `INTELLIGENT_TIERING`. */
  readonly storageClass?: string;
  readonly encryption?: 'AES256' | 'aws:kms';
  /** ARN or id of the key, with `aws:kms`; the account's own S3 key when absent. */
  readonly kmsKeyId?: string;
  readonly tags?: Readonly<Record<string, string>>;
  /** Account id: every request is refused where the bucket belongs to somebody else. */
  readonly expectedBucketOwner?: string;
}

/** How new objects of a GCS bucket are stored. */
export interface GcsSettings {
  readonly storageClass?: string;
  /** `projects/…/cryptoKeys/…`. */
  readonly kmsKeyName?: string;
}

export interface S3Access {
  readonly client: S3Client;
  readonly settings: S3Settings;
  /** Called with the count of bytes of every piece of an object that arrived. */
  readonly onReceived?: (bytes: number) => void;
}

export interface GcsAccess {
  readonly storage: Storage;
  /** The way to its server, such as through a proxy; straight when absent. */
  readonly dispatcher?: Dispatcher;
  readonly settings: GcsSettings;
  /** Called with the count of bytes of every piece of a body that arrived. */
  readonly onReceived?: (bytes: number) => void;
}

/**
 * What a bucket is for: a store of the operator's own, or upstream bytes, which may be anybody's, with the operator's
 * credentials (`source`) or without any (`anonymous`).
 */
export type BucketUse = 'store' | 'source' | 'anonymous';

/** Clients for buckets, made from the operator's environment and configuration when they are first needed. */
export interface BucketAccess {
  /** @param use `store` when absent. */
  s3(bucket: string, use?: BucketUse): Promise<S3Access>;
  gcs(bucket: string, use?: BucketUse): Promise<GcsAccess>;
}
