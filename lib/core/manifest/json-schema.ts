import * as z from 'zod';
import { manifestSchema } from './manifest-schema.ts';
import { unsupportedFields } from './unsupported-fields.ts';

interface ObjectSchema {
  properties: Record<string, { enum?: string[]; items?: ObjectSchema }>;
}

/**
 * The JSON schema of manifest files, for editors: generated from the schema that the parser uses, without the
 * fields that this version cannot carry out.
 */
export function manifestJsonSchema(): Record<string, unknown> {
  const schema = z.toJSONSchema(manifestSchema, { target: 'draft-7', io: 'input' });
  const manifest = schema as unknown as ObjectSchema;
  const artifact = manifest.properties.artifacts?.items;
  for (const { of, field, value } of unsupportedFields) {
    const properties = of === 'manifest' ? manifest.properties : artifact?.properties;
    const property = properties?.[field];
    if (property === undefined) throw new RangeError(`the schema has no field ${field}`);
    if (value === undefined) delete properties?.[field];
    else property.enum = (property.enum ?? []).filter((allowed) => allowed !== value);
  }
  return schema;
}
