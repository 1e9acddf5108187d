import * as iam from 'aws-cdk-lib/aws-iam';
import type * as s3 from 'aws-cdk-lib/aws-s3';
import { artifactKey, registryKey, reservedFiles } from '../contract/keys.ts';
import { grantOnBucket } from './bucket-grant.ts';

/** Records that say what a release is; its notes tell a plan nothing more. */
const records = reservedFiles.filter((file) => file !== 'RELEASE.md');

/**
 * Lets a role of this account see what a plan is made from: names and sizes of the objects of a mirror, its registry,
 * and the records of each release. Of artifacts it reads nothing, and it writes nothing.
 */
export function grantPlan(role: iam.Role, bucket: s3.IBucket): void {
  const recordsBelow = (folder: string) => records.map((file) => artifactKey(folder, '*', file));
  grantOnBucket(bucket, role, {
    bucket: ['s3:ListBucket'],
    objects: [{ actions: ['s3:GetObject'], keys: [registryKey, ...recordsBelow('*')] }],
    kms: ['kms:Decrypt'],
    reason: 'Releases are not known when the role is made; of each its records, by their exact names.',
  });
  // A star of IAM goes over slashes, and an artifact in a folder may be called release.json too, one level down.
  const deeper = recordsBelow('*/*').map((key) => bucket.arnForObjects(key));
  role.addToPolicy(new iam.PolicyStatement({ effect: iam.Effect.DENY, actions: ['s3:GetObject'], resources: deeper }));
}
