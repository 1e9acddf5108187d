import { Grant, type IGrantable } from 'aws-cdk-lib/aws-iam';
import type { IBucket } from 'aws-cdk-lib/aws-s3';
import { acknowledgeWildcard } from './acknowledge.ts';

/** What one grant lets its grantee do; nothing of it follows from a pattern of actions. */
export interface BucketGrant {
  /** Actions on the bucket itself. */
  readonly bucket?: readonly string[];
  /** Of what is asked of the bucket, what is listed: `s3:prefix` patterns. Without it, everything. */
  readonly listed?: readonly string[];
  /** Actions on objects, and which keys, as patterns: `working/*`. */
  readonly objects: readonly { readonly actions: readonly string[]; readonly keys: readonly string[] }[];
  /** With the bucket's KMS key, where it has one. Uploads in parts need both. */
  readonly kms: readonly ('kms:Decrypt' | 'kms:GenerateDataKey')[];
  /** Why objects are granted by patterns. */
  readonly reason: string;
}

/**
 * Gives a principal of this account its own statements; one of another account, or one that takes no policies, gets
 * them in the bucket's policy (and in the key's).
 */
export function grantOnBucket(
  bucket: IBucket,
  grantee: IGrantable,
  { bucket: actions = [], listed, objects, kms, reason }: BucketGrant,
): Grant {
  const grants: Grant[] = [];
  const add = (
    what: readonly string[],
    resourceArns: string[],
    conditions?: Readonly<Record<string, Record<string, unknown>>>,
  ) =>
    grants.push(
      Grant.addToPrincipalOrResource({
        grantee,
        actions: [...what],
        resourceArns,
        resource: bucket,
        ...(conditions === undefined ? {} : { conditions }),
      }),
    );
  if (actions.length > 0) {
    add(actions, [bucket.bucketArn], listed && { StringLike: { 's3:prefix': [...listed] } });
  }
  for (const { actions: what, keys } of objects) {
    const resources = keys.map((key) => bucket.arnForObjects(key));
    add(what, resources);
    for (const resource of resources) acknowledgeWildcard(grantee, resource, reason);
  }
  if (kms.length > 0 && bucket.encryptionKey !== undefined) {
    grants.push(bucket.encryptionKey.grant(grantee, ...kms));
  }
  return grants.reduce((all, next) => all.combine(next));
}
