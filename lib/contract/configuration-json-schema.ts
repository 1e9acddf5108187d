import * as z from 'zod';
import { gcsBucket, s3Bucket } from './bucket-configuration.ts';
import { configurationSchema } from './configuration.ts';
import { credential } from './credential-configuration.ts';

/** The JSON schema of weighbridge.yaml, for editors: generated from the schema that the parser uses. */
export function configurationJsonSchema(): Record<string, unknown> {
  const schema = jsonSchema(configurationSchema);
  const properties = schema.properties as Record<string, Record<string, unknown>>;
  // Their keys decide how their values are read, which the parser does in steps of its own.
  properties.buckets = keyed(properties.buckets, {
    '^s3://[A-Za-z0-9][A-Za-z0-9._-]+$': s3Bucket,
    '^gs://[A-Za-z0-9][A-Za-z0-9._-]+$': gcsBucket,
  });
  properties.credentials = keyed(properties.credentials, { '^https?://[^/?#]+/?$': credential });
  return schema;
}

function keyed(described: Record<string, unknown> | undefined, byPattern: Readonly<Record<string, z.ZodType>>) {
  const patternProperties = Object.fromEntries(
    Object.entries(byPattern).map(([pattern, schema]) => [pattern, embedded(schema)]),
  );
  const { description } = described ?? {};
  return { description, type: 'object', patternProperties, additionalProperties: false };
}

function embedded(schema: z.ZodType): Record<string, unknown> {
  const { $schema: _, ...rest } = jsonSchema(schema);
  return rest;
}

function jsonSchema(schema: z.ZodType): Record<string, unknown> {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as Record<string, unknown>;
}
