import { invalid } from './api-error.ts';
import type { Generation, ObjectMeta, StrictBucket } from './strict-bucket.ts';

export function resourceOf(bucket: StrictBucket, object: Generation): Record<string, unknown> {
  const { crc32c: _, md5Hash: __, ...meta } = object.meta;
  return {
    kind: 'storage#object',
    id: `${bucket.name}/${object.name}/${object.generation}`,
    name: object.name,
    bucket: bucket.name,
    generation: object.generation,
    metageneration: '1',
    size: String(object.bytes.length),
    crc32c: object.crc32c,
    md5Hash: object.md5Hash,
    etag: Buffer.from(object.generation).toString('base64'),
    timeCreated: object.createdAt.toISOString(),
    updated: object.createdAt.toISOString(),
    storageClass: 'STANDARD',
    ...meta,
  };
}

/** The writable part of a resource that a client sent. @throws ApiError 400 */
export function parseMeta(text: string): ObjectMeta & { readonly name?: string } {
  if (text.trim() === '') return {};
  let value: Record<string, unknown>;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('Parse Error');
  }
  const known = [
    'name',
    'contentType',
    'contentEncoding',
    'cacheControl',
    'storageClass',
    'metadata',
    'crc32c',
    'md5Hash',
  ];
  const strange = Object.keys(value).find((field) => !known.includes(field));
  if (strange !== undefined) throw invalid(`Unknown field ${strange}`);
  for (const each of Object.values((value.metadata ?? {}) as object)) {
    if (typeof each !== 'string') throw invalid('Metadata values are strings');
  }
  return value as ObjectMeta & { readonly name?: string };
}

/** Partial responses: `fields=items(name,size),nextPageToken`. */
export function pick(value: unknown, fields: string | null): unknown {
  if (fields === null || typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map((each) => pick(each, fields));
  const wanted = [...splitFields(fields)];
  return Object.fromEntries(
    wanted.flatMap(([name, inner]) => {
      const found = (value as Record<string, unknown>)[name];
      return found === undefined ? [] : [[name, pick(found, inner)]];
    }),
  );
}

function* splitFields(fields: string): Generator<[string, string | null]> {
  for (const match of fields.matchAll(/([A-Za-z0-9]+)(?:\(([^()]*(?:\([^()]*\)[^()]*)*)\))?(?:,|$)/g)) {
    yield [match[1] ?? '', match[2] ?? null];
  }
}
