import { z } from 'zod';

const digest = z.string().regex(/^[0-9a-f]{64}$/);
const instant = z.string();
const json = z.record(z.string(), z.unknown());

/** One line's worth of a release in `registry.json`. */
export const registryEntrySchema = z.looseObject({
  /** Store-relative key of its `release.json`. */
  release: z.string(),
  /** Identity of the content, SHA-256 of its canonical JSON. */
  content: digest,
  /** SHA-256 of `release.json` itself. */
  sha256: digest,
  /** Sum of the artifacts' sizes. */
  bytes: z.number(),
  artifacts: z.number(),
  publishedAt: instant,
  yanked: z.object({ at: instant, reason: z.string() }).optional(),
  pruned: z.object({ at: instant }).optional(),
});
export type RegistryEntry = z.infer<typeof registryEntrySchema>;

export const collectionEntrySchema = z.looseObject({
  /** The version that `@latest` means; null when there is none. */
  latest: z.string().nullable(),
  /** Present where versions are tags; a collection keeps one scheme. */
  versioning: z.literal('tag').optional(),
  versions: z.record(z.string(), registryEntrySchema),
});

/** `registry.json`: the one mutable object of a store. Unknown fields are kept at every level, for later versions of the format. */
export const registrySchema = z.looseObject({
  schema: z.literal('weighbridge/registry/1'),
  access: z.enum(['public', 'private']),
  /** Grows by one per swap of this file. */
  serial: z.number().int().nonnegative(),
  updatedAt: instant,
  mirrors: z.array(z.looseObject({ kind: z.string(), baseUrl: z.string(), readers: z.enum(['public', 'iam']) })),
  collections: z.record(z.string(), collectionEntrySchema),
  /** Over the canonical JSON without this field. A writer that cannot renew them must not write. */
  signatures: z.array(z.unknown()).optional(),
});
export type Registry = z.infer<typeof registrySchema>;

/** Where the releases of a registry can be read, and by whom. */
export type MirrorAddress = Registry['mirrors'][number];

/** How one artifact of a release is recorded. */
export const releaseArtifactSchema = z.object({
  id: z.string(),
  aliases: z.array(z.string()),
  kind: z.string(),
  file: z.string(),
  /** Key relative to the store's root. */
  path: z.string(),
  size: z.number(),
  sha256: digest,
  digestFrom: z.enum(['declared', 'upstream', 'computed']),
  /** Base64; null where it was not computed. */
  crc32c: z.string().nullable(),
  mediaType: z.string(),
  required: z.boolean(),
  labels: z.record(z.string(), z.string()),
  metadata: json.optional(),
  /** Where the bytes came from: redacted and pinned. Null where they were in the store already. */
  origin: z.object({ source: z.string(), revision: z.string().nullable(), etag: z.string().nullable() }).nullable(),
  stagedAt: instant,
});
export type ReleaseArtifact = z.infer<typeof releaseArtifactSchema>;

/** `release.json`: immutable, canonical JSON; its presence means the release is complete. */
export const releaseSchema = z.looseObject({
  schema: z.literal('weighbridge/release/1'),
  collection: z.string(),
  version: z.string(),
  access: z.enum(['public', 'private']),
  content: digest,
  license: z.string().nullable(),
  homepage: z.string().nullable(),
  description: z.string().nullable(),
  metadata: json.optional(),
  manifest: z.object({ sha256: digest, commit: z.string().optional(), repository: z.string().optional() }),
  /** Sorted by file. */
  artifacts: z.array(releaseArtifactSchema),
  /** Optional artifacts that were not available at publication and stay missing in this version. */
  missing: z.array(z.object({ id: z.string(), file: z.string(), reason: z.string() })),
  notes: z.string().nullable(),
  run: z.string(),
});
export type Release = z.infer<typeof releaseSchema>;

/** `objects.json`: this store's own versions and tags, as returned by the completing writes. */
export const objectsSchema = z.record(z.string(), z.object({ version: z.string().optional(), etag: z.string() }));
export type ObjectsRecord = z.infer<typeof objectsSchema>;

export type CollectionEntry = z.infer<typeof collectionEntrySchema>;
