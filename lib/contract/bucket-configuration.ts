import { z } from 'zod';
import { keyedEntries } from './keyed-entries.ts';

const endpoint = z
  .string()
  .refine(isEndpoint, 'expected the address of a server: https://host[:port] or http://host[:port]')
  .describe('A server other than that of the cloud itself.');

export const s3Bucket = z.strictObject({
  region: z
    .string()
    .regex(/^[a-z0-9-]+$/, 'expected a region, such as eu-central-1')
    .optional()
    .describe('Of the bucket; without it that of the environment or of the AWS profile.'),
  endpoint: endpoint.optional(),
  pathStyle: z
    .boolean()
    .optional()
    .describe('Addresses with the bucket in the path: true by default where an endpoint is given.'),
  storageClass: z
    .string()
    .regex(/^[A-Z0-9_]+$/, 'expected a storage class, such as STANDARD_IA')
    .optional(),
  encryption: z.enum(['AES256', 'aws:kms']).optional().describe('Without it the setting of the bucket holds.'),
  kmsKeyId: z.string().min(1).optional().describe('ARN or id of the key, with encryption: aws:kms.'),
  tags: z.record(z.string().min(1).max(128), z.string().max(256)).optional().describe('Tags of new objects.'),
  expectedBucketOwner: z
    .string()
    .regex(/^[0-9]{12}$/, 'expected an account id: 12 digits, in quotes')
    .optional()
    .describe('Account id: requests are refused where the bucket belongs to somebody else.'),
});

export const gcsBucket = z.strictObject({
  endpoint: endpoint.optional(),
  storageClass: z
    .string()
    .regex(/^[A-Z_]+$/, 'expected a storage class, such as NEARLINE')
    .optional(),
  kmsKeyName: z
    .string()
    .regex(
      /^projects\/[^/]+\/locations\/[^/]+\/keyRings\/[^/]+\/cryptoKeys\/[^/]+$/,
      'expected projects/…/cryptoKeys/…',
    )
    .optional(),
});

const bucketName = /^(?:s3|gs):\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/;

/** Options of S3 buckets, as written. */
export type S3BucketOptions = z.infer<typeof s3Bucket>;
/** Options of Cloud Storage buckets, as written. */
export type GcsBucketOptions = z.infer<typeof gcsBucket>;

/** Options by bucket: `s3://name` or `gs://name`, without a prefix, since they hold for all of a bucket. */
export const bucketsSchema = keyedEntries<S3BucketOptions | GcsBucketOptions>((name) => {
  if (!bucketName.test(name)) return { problem: 'expected a bucket: s3://name or gs://name, without a prefix' };
  return { schema: name.startsWith('s3:') ? s3Bucket.superRefine(checkEncryption) : gcsBucket };
});

function checkEncryption({ encryption, kmsKeyId, tags }: S3BucketOptions, context: z.RefinementCtx): void {
  if (kmsKeyId !== undefined && encryption !== 'aws:kms') {
    context.addIssue({ code: 'custom', path: ['kmsKeyId'], message: 'a key needs encryption: aws:kms' });
  }
  if (Object.keys(tags ?? {}).length > 10) {
    context.addIssue({ code: 'custom', path: ['tags'], message: 'an object has at most 10 tags' });
  }
}

function isEndpoint(text: string): boolean {
  if (!URL.canParse(text)) return false;
  const { protocol, username, password, search, hash } = new URL(text);
  return (protocol === 'https:' || protocol === 'http:') && `${username}${password}${search}${hash}` === '';
}
