import type * as z from 'zod';
import type { FieldPath } from './field-path.ts';

/** The fields of the mapping at a path, read from the schema itself. */
export function knownFields(root: z.core.$ZodType, path: FieldPath): string[] {
  let schema = root;
  for (const part of path) schema = memberSchema(unwrapped(schema), part) ?? schema;
  const definition = definitionOf(unwrapped(schema));
  const shape = definition.shape ?? definition.options?.map(definitionOf).find((one) => one.shape)?.shape ?? {};
  return Object.keys(shape);
}

interface Definition {
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly valueType?: z.core.$ZodType;
  readonly shape?: Record<string, z.core.$ZodType>;
  readonly options?: readonly z.core.$ZodType[];
}

function definitionOf(schema: z.core.$ZodType): Definition {
  return schema._zod.def as unknown as Definition;
}

function unwrapped(schema: z.core.$ZodType): z.core.$ZodType {
  const inner = definitionOf(schema).innerType;
  return inner === undefined ? schema : unwrapped(inner);
}

function memberSchema(schema: z.core.$ZodType, part: string | number): z.core.$ZodType | undefined {
  const { element, shape, valueType } = definitionOf(schema);
  return typeof part === 'number' ? element : (shape?.[part] ?? valueType);
}
