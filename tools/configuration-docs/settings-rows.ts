/** A JSON schema as far as the tables need it. */
export interface SettingSchema {
  readonly type?: string;
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly const?: unknown;
  readonly minimum?: number;
  readonly maximum?: number;
  readonly exclusiveMinimum?: number;
  readonly properties?: Readonly<Record<string, SettingSchema>>;
  readonly required?: readonly string[];
  readonly items?: SettingSchema;
  readonly anyOf?: readonly SettingSchema[];
  readonly additionalProperties?: SettingSchema | boolean;
}

/** Field, what it may be, its default, what it means. */
export type SettingRow = readonly [field: string, values: string, preset: string, meaning: string];

/** A row for each setting of a section, with those inside of it. */
export function settingsRows(schema: SettingSchema, path = ''): SettingRow[] {
  const rows: SettingRow[] = [];
  const inner = objectOf(schema);
  for (const [name, setting] of Object.entries(inner?.properties ?? {})) {
    const field = path === '' ? name : `${path}.${name}`;
    const required = inner?.required?.includes(name) ?? false;
    rows.push([`\`${field}\``, valuesOf(setting), presetOf(setting, required), setting.description ?? '']);
    rows.push(...settingsRows(setting, setting.type === 'array' ? `${field}[]` : field));
  }
  return rows;
}

/** The mapping that a setting is, or may be, or is a list of. */
function objectOf(schema: SettingSchema): SettingSchema | undefined {
  if (schema.properties !== undefined) return schema;
  const inside = [...(schema.anyOf ?? []), ...(schema.items === undefined ? [] : [schema.items])];
  return inside.map(objectOf).find((one) => one !== undefined);
}

function valuesOf(schema: SettingSchema): string {
  const literals = literalsOf(schema);
  if (literals.length > 0) return literals.map((one) => `\`${one}\``).join(', ');
  if (schema.anyOf !== undefined) return [...new Set(schema.anyOf.map(valuesOf))].join(', or ');
  if (schema.properties !== undefined) return 'settings';
  switch (schema.type) {
    case 'boolean':
      return '`true`, `false`';
    case 'integer':
    case 'number':
      return rangeOf(schema);
    case 'array':
      return `list: ${valuesOf(schema.items ?? {})}`;
    case 'object':
      return 'texts by name';
    default:
      return 'text';
  }
}

function literalsOf({ enum: values, const: value, anyOf = [] }: SettingSchema): readonly unknown[] {
  if (values !== undefined) return values;
  if (value !== undefined) return [value];
  const inside = anyOf.map(literalsOf);
  return inside.every((one) => one.length > 0) ? inside.flat() : [];
}

function rangeOf({ minimum, exclusiveMinimum, maximum }: SettingSchema): string {
  if (minimum === undefined || maximum === undefined) return minimum === 0 ? '0 or more' : 'number';
  return exclusiveMinimum === undefined && maximum < 2 ** 32 ? `${minimum} to ${maximum}` : 'number';
}

function presetOf({ default: preset }: SettingSchema, required: boolean): string {
  if (required) return 'required';
  if (preset === undefined) return '';
  const empty = typeof preset === 'object' && preset !== null && Object.keys(preset).length === 0;
  if (empty) return Array.isArray(preset) ? 'none' : '';
  return preset === '' ? 'nothing' : `\`${Array.isArray(preset) ? preset.join(', ') : preset}\``;
}
