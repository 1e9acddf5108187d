import { z } from 'zod';

/** CloudFormation makes strings of all properties of a custom resource. */
const count = z.coerce.number().int().nonnegative();
const yesOrNo = z.stringbool({ truthy: ['true'], falsy: ['false'] });

/** Properties of `Custom::WeighbridgeGcsBucket`: a bucket in Google Cloud Storage as the deployment wants it. */
export const gcsBucketProperties = z.object({
  Name: z.string(),
  Project: z.string(),
  Location: z.string(),
  /** It is there already: nothing of it is changed. */
  Existing: yesOrNo,
  StorageClass: z.string(),
  PublicRead: yesOrNo,
  NoncurrentDays: count,
  UnfinishedUploadDays: count,
  SoftDeleteDays: count,
  Cors: z.array(z.string()).default([]),
  /** `key=value`. */
  Labels: z.array(z.string()).default([]),
  /** The deployment: name, account and region, as the value of a label. */
  Owner: z.string(),
  /** Members that may read and write objects. */
  Writers: z.array(z.string()).default([]),
});
export type GcsBucketProperties = z.infer<typeof gcsBucketProperties>;

/** Type of the resource in templates. */
export const gcsBucketResource = 'Custom::WeighbridgeGcsBucket';

/**
 * A tag of AWS as a label of Google: small letters, digits, hyphens and underscores, at most 63 of them, the key
 * beginning with a letter. https://docs.cloud.google.com/storage/docs/tags-and-labels
 */
export function labelOf(key: string, value: string): readonly [string, string] {
  const plain = (text: string) =>
    text
      .toLowerCase()
      .replace(/[^a-z0-9_-]/g, '_')
      .slice(0, 63);
  const name = plain(key);
  return [/^[a-z]/.test(name) ? name : `t_${name}`.slice(0, 63), plain(value)];
}

/**
 * How Google's policies name an AWS role that comes through a provider of workload identities.
 * @param provider `//iam.googleapis.com/projects/N/locations/global/workloadIdentityPools/POOL/providers/NAME`
 * @param assumedRole `arn:PARTITION:sts::ACCOUNT:assumed-role/NAME`; without the path of the role, as STS writes it.
 */
export function federatedMember(provider: string, assumedRole: string): string {
  const pool = provider.replace(/^\/\//, '').replace(/\/providers\/[^/]+$/, '');
  return `principalSet://${pool}/attribute.aws_role/${assumedRole}`;
}
