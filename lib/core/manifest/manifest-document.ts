import type * as z from 'zod';
import type { manifestSchema } from './manifest-schema.ts';

/** A manifest file's value once its shape is known to be right. */
export type ManifestDocument = z.output<typeof manifestSchema>;
export type ArtifactDocument = ManifestDocument['artifacts'][number];

/** The same before that: every field may be anything. */
export type LooseFields = Readonly<Record<string, unknown>>;

export function looseFields(value: unknown): LooseFields {
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as LooseFields) : {};
}

export function looseList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [];
}

export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}
