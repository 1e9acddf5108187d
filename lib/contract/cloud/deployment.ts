import { z } from 'zod';
import { originText } from '../credential-configuration.ts';
import { accessApiOf, accountId, cloudSchema } from './cloud-configuration.ts';
import { publishersSchema } from './publishers.ts';
import { replicaRulesSchema } from './replica-rules.ts';
import { sourcesSchema } from './source-grants.ts';

/** Most that one run may fetch or cost; it is refused before its first byte. */
export const runLimits = {
  maxRunBytes: z
    .int()
    .positive()
    .optional()
    .describe('Bytes that one run may fetch; more is refused before the first byte.'),
  maxRunCost: z
    .number()
    .positive()
    .optional()
    .describe('USD that one run may cost by the price table; more is refused before the first byte.'),
};

/** The sections of weighbridge.yaml that make one deployment. */
export const deploymentSections = {
  cloud: cloudSchema,
  publishers: publishersSchema,
  sources: sourcesSchema.prefault({}),
  replicas: replicaRulesSchema,
  trustedOrigins: z.array(originText).default([]),
  placeholders: z.array(z.string().min(1)).default([]),
  ...runLimits,
};

export const deploymentSchema = z.strictObject({
  /** Name of the environment; null: the sections of the file as they are. */
  environment: z.string().nullable(),
  ...deploymentSections,
});

/** One environment of weighbridge.yaml, defaults filled in: what synth turns into a template. */
export type Deployment = z.infer<typeof deploymentSchema>;

/**
 * What handlers read of it at run time: a file beside their code, so that it is of the same version. Names of
 * resources are not in it: they come as environment variables (`handler-environment.ts`).
 */
export const runtimeConfigurationSchema = z.strictObject({
  name: z.string(),
  environment: z.string().nullable(),
  publishers: publishersSchema,
  sources: sourcesSchema,
  replicas: replicaRulesSchema,
  trustedOrigins: z.array(z.string()),
  placeholders: z.array(z.string()),
  pipeline: cloudSchema.shape.pipeline,
  gcs: cloudSchema.shape.gcs,
  statusPage: z.boolean(),
  metrics: z.boolean(),
  /** What the access API tells its consumers' roles by; absent where there is no such API. */
  access: z.strictObject({ rolePrefix: z.string(), consumerAccounts: z.array(accountId) }).optional(),
  ...runLimits,
});
export type RuntimeConfiguration = z.infer<typeof runtimeConfigurationSchema>;

/** Name of that file. */
export const runtimeConfigurationFile = 'deployment.json';

export function runtimeConfiguration(deployment: Deployment): RuntimeConfiguration {
  const { cloud, environment, publishers, sources, replicas, trustedOrigins, placeholders, maxRunBytes, maxRunCost } =
    deployment;
  const access = accessApiOf(cloud);
  return {
    name: cloud.name,
    environment,
    publishers,
    sources,
    replicas,
    trustedOrigins,
    placeholders,
    pipeline: cloud.pipeline,
    gcs: cloud.gcs,
    statusPage: cloud.observability.statusPage,
    metrics: cloud.observability.metrics,
    ...(access === undefined
      ? {}
      : { access: { rolePrefix: cloud.rolePrefix, consumerAccounts: access.consumerAccounts } }),
    maxRunBytes,
    maxRunCost,
  };
}
