import { z } from 'zod';
import { asWritten } from './as-written.ts';
import { bucketsSchema } from './bucket-configuration.ts';
import { cloudSchema } from './cloud/cloud-configuration.ts';
import { runLimits } from './cloud/deployment.ts';
import { environmentsSchema } from './cloud/environments.ts';
import { publishersSchema } from './cloud/publishers.ts';
import { replicaRulesSchema } from './cloud/replica-rules.ts';
import { sourcesSchema } from './cloud/source-grants.ts';
import { credentialsSchema, originText } from './credential-configuration.ts';

/** A store as the command line takes it; the parts of a bucket URL are judged where it is opened. */
const storeUrl = z
  .string()
  .regex(
    /^(?:file:.+|(?:s3|gs):\/\/[^/?#\s]+(?:\/[^?#\s]*)?)$/,
    'expected a store: file:DIR, s3://bucket[/prefix] or gs://bucket[/prefix]',
  )
  .describe('A store: file:DIR (relative to this file), s3://bucket[/prefix] or gs://bucket[/prefix].');

const storesOfAccess = z.union([
  storeUrl,
  z.strictObject({
    primary: storeUrl.describe('The store that releases are proven and published in first.'),
    replicas: z.array(storeUrl).optional().describe('Stores that published releases are copied to from there.'),
  }),
]);

const location = z
  .string()
  .refine(
    (text) => /^(?:s3|gs):\/\/[^/?#\s]+(?:\/[^?#\s]*)?$/.test(text) || !/^[a-z][a-z0-9+.-]+:\/\//i.test(text),
    'expected a folder, s3://bucket[/prefix] or gs://bucket[/prefix]',
  )
  .refine((text) => text.trim() !== '', 'expected a folder, s3://bucket[/prefix] or gs://bucket[/prefix]')
  .describe('Where checkpoints, leases and reports are kept: a folder (relative to this file) or a bucket.');

const tokenUse = z.strictObject({
  for: z
    .enum(['private', 'any'])
    .describe('private: bytes fetched with this token go into private releases only. any: also into public ones.'),
});

/** `weighbridge.yaml`: what an operator decides once for a repository. */
export const configurationSchema = z.strictObject({
  stores: z
    .strictObject({ public: storesOfAccess.optional(), private: storesOfAccess.optional() })
    .optional()
    .describe('Where releases go, per access class.'),
  state: location.optional(),
  buckets: bucketsSchema.optional().describe('How each bucket is reached, and how new objects in it are stored.'),
  trustedOrigins: z.array(originText).optional().describe('Exempt from the rules on plain http and private addresses.'),
  placeholders: z
    .array(z.string().min(1))
    .optional()
    .describe('More words that mark a source or digest as not filled in yet.'),
  tokens: z
    .strictObject({
      HF_TOKEN: tokenUse.optional(),
      GITHUB_TOKEN: tokenUse.optional(),
      AWS: tokenUse.optional().describe('The AWS credentials of the environment, for s3: sources.'),
      GOOGLE: tokenUse.optional().describe('The Google credentials of the environment, for gs: sources.'),
    })
    .optional()
    .describe('What tokens of the environment may be used for.'),
  credentials: credentialsSchema.optional().describe('Headers for other hosts, their values from the environment.'),
  concurrency: z.int().min(1).max(256).optional().describe('Artifacts that are transferred at the same time.'),
  cloud: asWritten(cloudSchema).optional().describe('What `cdk deploy` makes in the cloud.'),
  publishers: asWritten(publishersSchema).optional().describe('Who may submit releases to the cloud, by name.'),
  sources: asWritten(sourcesSchema).optional().describe('What the pipeline in the cloud may read.'),
  replicas: asWritten(replicaRulesSchema).optional().describe('Which collections the cloud copies to its replicas.'),
  ...runLimits,
  environments: environmentsSchema.optional().describe('Deployments that differ from the sections above, by name.'),
});

/** The file as its author wrote it. */
export type ConfigurationDocument = z.infer<typeof configurationSchema>;
