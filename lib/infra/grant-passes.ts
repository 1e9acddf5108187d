import type { IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { artifactKey, objectsKey, registryKey, statusKey } from '../contract/keys.ts';
import { grantOnBucket } from './bucket-grant.ts';

/**
 * Everything below a release, nothing beside one. A star of IAM goes over slashes, so the records of releases cannot be
 * told from artifacts in folders; `registry.json`, which makes a release visible, can.
 */
export const releaseObjects = artifactKey('*', '*', '*');

const reading = ['s3:GetObject', 's3:GetObjectVersion'];
const uploading = ['s3:PutObject', 's3:ListMultipartUploadParts', 's3:AbortMultipartUpload'];
const reason = 'Which releases come is not known when the role is made; what is there cannot be deleted.';

/**
 * Plan looks at everything and claims an empty mirror by its first registry. Of a release that lost objects it takes the
 * versions out of `objects.json` before they are put back.
 */
export function grantSurvey(mirror: IBucket, plan: IGrantable): void {
  grantOnBucket(mirror, plan, {
    bucket: ['s3:ListBucket'],
    objects: [
      { actions: reading, keys: [registryKey, releaseObjects] },
      { actions: ['s3:PutObject'], keys: [registryKey, objectsKey('*', '*')] },
    ],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
    reason,
  });
}

/** Transfer writes artifacts; it reads them for copies within the mirror, and after an upload that was not answered. */
export function grantTransfer(mirror: IBucket, transfer: IGrantable): void {
  grantOnBucket(mirror, transfer, {
    bucket: ['s3:ListBucket'],
    objects: [{ actions: [...reading, ...uploading], keys: [releaseObjects] }],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
    reason,
  });
}

/** Publish writes records and the registry, and ends uploads that nobody will continue. */
export function grantPublish(mirror: IBucket, publish: IGrantable): void {
  grantOnBucket(mirror, publish, {
    bucket: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
    objects: [{ actions: [...reading, ...uploading], keys: [registryKey, releaseObjects] }],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
    reason,
  });
}

/** What is copied to replicas is read from the primary, its registry included. */
export function grantCopyFrom(mirror: IBucket, replicate: IGrantable): void {
  grantOnBucket(mirror, replicate, {
    bucket: ['s3:ListBucket'],
    objects: [{ actions: reading, keys: [registryKey, releaseObjects] }],
    kms: ['kms:Decrypt'],
    reason,
  });
}

/** Report says whether the release is in the registry in the end. */
export function grantLookAtRegistry(mirror: IBucket, report: IGrantable): void {
  grantOnBucket(mirror, report, {
    bucket: ['s3:ListBucket'],
    objects: [{ actions: ['s3:GetObject'], keys: [registryKey] }],
    kms: ['kms:Decrypt'],
    reason,
  });
}

/** Report replaces the status page of the public mirror by what it makes of the one before. */
export function grantStatusPage(publicMirror: IBucket, report: IGrantable): void {
  grantOnBucket(publicMirror, report, {
    objects: [{ actions: ['s3:GetObject', 's3:PutObject'], keys: [statusKey] }],
    kms: ['kms:Decrypt', 'kms:GenerateDataKey'],
    reason,
  });
}
