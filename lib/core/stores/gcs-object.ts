import { randomUUID } from 'node:crypto';
import type { GcsSettings } from './bucket-access.ts';
import type { ObjectAttributes, ObjectStat } from './store.ts';

/** The fields of an object resource that this program looks at. */
export const objectFields = 'name,size,generation,crc32c,metadata';

/**
 * Custom metadata that names the write itself. An answer that was lost leaves open whether the write happened: if
 * the object that stands in the way carries the mark of this very write, it did. Never shown in a stat.
 */
const markName = 'weighbridge-write';

export interface GcsObject {
  /** As the bucket has it, the store's prefix included. */
  readonly name: string;
  readonly size: number;
  readonly generation: string;
  /** Absent for objects that hold customer-encrypted bytes, which are not listed with it. */
  readonly crc32c?: string;
  readonly metadata?: Readonly<Record<string, string>>;
  readonly mark?: string;
}

export function newMark(): string {
  return randomUUID();
}

/** Undefined for what is no object resource. Numbers come as strings there. */
export function parseObject(value: unknown): GcsObject | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { name, size, generation, crc32c, metadata } = value as Record<string, unknown>;
  const bytes = Number(size);
  if (typeof name !== 'string' || !/^\d+$/.test(String(generation)) || !Number.isSafeInteger(bytes)) return undefined;
  const { [markName]: mark, ...own } = stringsOf(metadata);
  return {
    name,
    size: bytes,
    generation: String(generation),
    ...(typeof crc32c === 'string' ? { crc32c } : {}),
    ...(Object.keys(own).length > 0 ? { metadata: own } : {}),
    ...(mark === undefined ? {} : { mark }),
  };
}

function stringsOf(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

/** Conditions in GCS compare generations, so the tag is the generation. */
export function statOf(object: GcsObject, key: string): ObjectStat {
  const { size, generation, crc32c, metadata } = object;
  return {
    key,
    size,
    etag: generation,
    version: generation,
    ...(crc32c === undefined ? {} : { crc32c }),
    ...(metadata === undefined ? {} : { metadata }),
  };
}

/** A generation, if a tag is one. */
export function generationOf(tag: string): string | undefined {
  return /^[1-9]\d{0,18}$/.test(tag) ? tag : undefined;
}

export interface NewObject {
  readonly name: string;
  readonly attributes: ObjectAttributes;
  readonly settings: GcsSettings;
  readonly mark: string;
  /** The store refuses bytes that do not have it. */
  readonly crc32c?: string | undefined;
}

export function contentTypeOf(attributes: ObjectAttributes): string {
  return attributes.contentType ?? 'application/octet-stream';
}

/** The object resource that a write sends. The KMS key goes into the query, where the API wants it. */
export function newResource({ name, attributes, settings, mark, crc32c }: NewObject): Record<string, unknown> {
  return {
    name,
    contentType: contentTypeOf(attributes),
    ...(attributes.cacheControl === undefined ? {} : { cacheControl: attributes.cacheControl }),
    metadata: { ...attributes.metadata, [markName]: mark },
    ...(settings.storageClass === undefined ? {} : { storageClass: settings.storageClass }),
    ...(crc32c === undefined ? {} : { crc32c }),
  };
}
