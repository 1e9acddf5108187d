/** A field of the format that this version reads and cannot carry out yet. */
export interface UnsupportedField {
  readonly of: 'manifest' | 'artifact';
  readonly field: string;
  /** Only this value of the field; undefined for any. */
  readonly value?: string;
}

/** Shorten this list when one of them works; its checks and the schema for editors follow. */
export const unsupportedFields: readonly UnsupportedField[] = [
  { of: 'manifest', field: 'companions' },
  { of: 'manifest', field: 'gates' },
  { of: 'manifest', field: 'notes' },
  { of: 'artifact', field: 'unpack' },
  { of: 'artifact', field: 'mode', value: 'reference' },
];

/** What is said about such a field. */
export function unsupportedMessage({ field, value }: UnsupportedField): string {
  const shown = value === undefined ? field : `${field}: ${value}`;
  return `this version of Weighbridge does not carry out \`${shown}\` yet; remove it, or use a version that does`;
}
