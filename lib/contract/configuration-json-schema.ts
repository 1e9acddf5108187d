import * as z from 'zod';
import { gcsBucket, s3Bucket } from './bucket-configuration.ts';
import { deploymentSections } from './cloud/deployment.ts';
import { environmentName, environmentSchema } from './cloud/environments.ts';
import { configurationSchema } from './configuration.ts';
import { credential } from './credential-configuration.ts';

type JsonSchema = Record<string, unknown>;

/** Sections that the parser keeps as they were written. */
const { cloud, publishers, sources, replicas, trustedOrigins, placeholders } = deploymentSections;
const sections = { cloud, publishers, sources, replicas };

/** The JSON schema of weighbridge.yaml, for editors: generated from the schema that the parser uses. */
export function configurationJsonSchema(): JsonSchema {
  const schema = jsonSchema(configurationSchema);
  const properties = schema.properties as Record<string, JsonSchema>;
  // Their keys decide how their values are read, which the parser does in steps of its own.
  properties.buckets = keyed(properties.buckets, {
    '^s3://[A-Za-z0-9][A-Za-z0-9._-]+$': embedded(s3Bucket),
    '^gs://[A-Za-z0-9][A-Za-z0-9._-]+$': embedded(gcsBucket),
  });
  properties.credentials = keyed(properties.credentials, { '^https?://[^/?#]+/?$': embedded(credential) });
  Object.assign(properties, written(properties, sections));
  properties.environments = keyed(properties.environments, { [environmentName.source]: environmentJsonSchema() });
  return schema;
}

function environmentJsonSchema(): JsonSchema {
  const schema = embedded(environmentSchema);
  const properties = schema.properties as Record<string, JsonSchema>;
  Object.assign(properties, written(properties, { ...sections, trustedOrigins, placeholders }));
  properties.cloud = overrides(properties.cloud ?? {});
  return schema;
}

/** The schemas of sections, under the descriptions that they have in the file; one that is only named is allowed. */
function written(
  described: Readonly<Record<string, JsonSchema>>,
  schemas: Readonly<Record<string, z.ZodType>>,
): Record<string, JsonSchema> {
  return Object.fromEntries(
    Object.entries(schemas).map(([name, schema]) => {
      const { default: _, description: __, ...rest } = embedded(schema);
      return [name, { description: described[name]?.description, anyOf: [rest, { type: 'null' }] }];
    }),
  );
}

/** The same settings, none of them required, each also null. */
function overrides(schema: JsonSchema): JsonSchema {
  const { required: _, default: __, ...rest } = schema;
  const result: JsonSchema = { ...rest };
  if (isObject(rest.properties)) {
    result.properties = Object.fromEntries(
      Object.entries(rest.properties).map(([name, inner]) => [
        name,
        isObject(inner) ? { anyOf: [overrides(inner), { type: 'null' }] } : inner,
      ]),
    );
  }
  if (Array.isArray(rest.anyOf)) result.anyOf = rest.anyOf.map((one) => (isObject(one) ? overrides(one) : one));
  return result;
}

function isObject(value: unknown): value is JsonSchema {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function keyed(described: JsonSchema | undefined, patternProperties: Readonly<Record<string, JsonSchema>>): JsonSchema {
  const { description } = described ?? {};
  return { description, type: 'object', patternProperties, additionalProperties: false };
}

function embedded(schema: z.ZodType): JsonSchema {
  const { $schema: _, ...rest } = jsonSchema(schema);
  return rest;
}

function jsonSchema(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, { target: 'draft-7', io: 'input' }) as JsonSchema;
}
