import { z } from 'zod';
import { originText } from '../credential-configuration.ts';
import { accountId, kmsKeyArn } from './cloud-configuration.ts';

const use = z
  .enum(['private', 'any'])
  .default('private')
  .describe('private: what comes from there goes into private releases only. any: also into public ones.');

const bucketGrant = z.strictObject({
  bucket: z
    .string()
    .regex(/^(?:s3|gs):\/\/[A-Za-z0-9][A-Za-z0-9._-]{1,221}$/, 'expected a bucket: s3://name or gs://name')
    .describe('The bucket, without a prefix.'),
  keys: z.array(z.string().min(1)).min(1).default(['*']).describe('Keys, or the beginnings of keys: models/*.'),
  account: accountId.optional().describe('Of the bucket, where it is not this one.'),
  region: z.string().optional().describe('Of the bucket, where it is not that of the deployment.'),
  kmsKey: kmsKeyArn.optional().describe('The key that its objects are encrypted with.'),
  for: use,
});

const secret = z
  .string()
  .regex(/^[A-Za-z0-9/_+=.@-]+$|^arn:/, 'expected the name or the ARN of a secret, never the token itself')
  .describe('Name or ARN of a secret in Secrets Manager that holds the token alone.');

const tokenGrant = z.strictObject({ secret, for: use });

const originGrant = z.strictObject({
  origin: originText.describe('Exactly scheme, host and port.'),
  secret,
  header: z
    .string()
    .regex(/^[A-Za-z0-9-]+$/)
    .default('Authorization')
    .describe('The header that carries it.'),
  scheme: z
    .string()
    .regex(/^[A-Za-z][A-Za-z0-9-]*$/)
    .optional()
    .describe('A word in front of the value, such as Bearer.'),
  for: use,
});

const hostPattern = z
  .string()
  .regex(/^(?:\*|(?:\*\.)?(?:[a-z0-9-]+\.)*[a-z0-9-]+)$/, 'expected a host, such as example.org or *.example.org');

const owner = z.string().regex(/^(?:\*|[A-Za-z0-9][A-Za-z0-9._-]*)$/, 'expected a user or organisation, or *');

/** `sources:` of weighbridge.yaml: what the pipeline in the cloud may read. Nothing is allowed that is not named. */
export const sourcesSchema = z.strictObject({
  hosts: z.array(hostPattern).default([]).describe('Hosts of https: sources; redirects from there are followed.'),
  huggingFace: z.array(owner).default([]).describe('Owners of repositories on the Hugging Face Hub.'),
  github: z.array(owner).default([]).describe('Owners of repositories on GitHub.'),
  buckets: z.array(bucketGrant).default([]).describe('Buckets of s3: and gs: sources.'),
  tokens: z
    .strictObject({
      huggingFace: tokenGrant.optional().describe('For the Hugging Face Hub.'),
      github: tokenGrant.optional().describe('For GitHub.'),
      origins: z.array(originGrant).default([]).describe('For other hosts, each an origin.'),
    })
    .prefault({})
    .describe('Tokens, each a secret in Secrets Manager.'),
});

export type SourceGrants = z.infer<typeof sourcesSchema>;
export type BucketGrant = z.infer<typeof bucketGrant>;
