import { z } from 'zod';
import { asWritten } from '../as-written.ts';
import { keyedEntries } from '../keyed-entries.ts';
import type { cloudSchema } from './cloud-configuration.ts';
import { deploymentSections } from './deployment.ts';

/** A part of something, at every depth; null takes a setting of the file out, so that its default holds. */
export type Overrides<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Overrides<T[Key]> | null }
    : T;

export type CloudOverrides = Overrides<z.input<typeof cloudSchema>>;

const { cloud: _, trustedOrigins, placeholders, publishers, sources, replicas, ...limits } = deploymentSections;

/** Settings of one environment. Those of `cloud` are laid over the file's key by key; other sections take their place. */
export const environmentSchema = z.strictObject({
  cloud: z
    .record(z.string(), z.unknown())
    .nullable()
    .transform((written) => written as CloudOverrides | null)
    .optional()
    .describe('What is different from the section cloud, key by key; null takes a setting out.'),
  publishers: asWritten(publishers).optional().describe('In place of the section publishers.'),
  sources: asWritten(sources).optional().describe('In place of the section sources.'),
  replicas: asWritten(replicas).optional().describe('In place of the section replicas.'),
  trustedOrigins: asWritten(trustedOrigins).optional().describe('In place of trustedOrigins.'),
  placeholders: asWritten(placeholders).optional().describe('In place of placeholders.'),
  ...limits,
});

/** An environment is named on the command line, so that its name is one word. */
export const environmentName = /^[A-Za-z0-9][A-Za-z0-9_-]{0,31}$/;

export type EnvironmentSections = z.infer<typeof environmentSchema>;

/** `environments:` of weighbridge.yaml. */
export const environmentsSchema = keyedEntries<EnvironmentSections>((name) =>
  environmentName.test(name)
    ? { schema: z.preprocess((written) => written ?? {}, environmentSchema) }
    : { problem: 'expected a name of letters, digits, - and _' },
);
