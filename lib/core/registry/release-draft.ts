import { artifactKey } from '../../contract/keys.ts';
import type { Sha256 } from '../digest/sha256.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import type { ObjectStat } from '../stores/store.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { canonicalJson } from './canonical-json.ts';
import { contentIdentity } from './content.ts';
import { mediaType } from './media-type.ts';
import type { MirrorAddress, ObjectsRecord, Release, ReleaseArtifact } from './records.ts';

/** An artifact whose bytes are in the store and proven. */
export interface ProvenArtifact {
  readonly spec: ArtifactSpec;
  readonly sha256: Sha256;
  /** The object as it is in the store now. */
  readonly stat: ObjectStat;
  /** Base64; null where it was not computed. */
  readonly crc32c: string | null;
  /** Null where the bytes were in the store before this run. */
  readonly origin: ReleaseArtifact['origin'];
  readonly stagedAt: Date;
}

export interface MissingArtifact {
  readonly spec: ArtifactSpec;
  readonly reason: string;
}

/** Everything that a release's records are made from. */
export interface ReleaseDraft {
  readonly manifest: Manifest;
  readonly manifestSha256: Sha256;
  readonly proven: readonly ProvenArtifact[];
  readonly missing: readonly MissingArtifact[];
  readonly run: string;
  /** Where the manifest is kept, as its submission says. */
  readonly commit?: string | undefined;
  readonly repository?: string | undefined;
  /** What the registry is to say of where it can be read; absent: what it says already. */
  readonly mirrors?: readonly MirrorAddress[] | undefined;
}

export function draftContent(draft: ReleaseDraft): Sha256 {
  return contentIdentity(
    draft.proven.map(({ spec, stat, sha256 }) => ({ file: spec.file, size: stat.size, sha256: sha256.hex })),
  );
}

/** The bytes of `release.json`. */
export function releaseRecord(draft: ReleaseDraft): Release {
  const { manifest } = draft;
  return {
    schema: 'weighbridge/release/1',
    collection: manifest.collection,
    version: manifest.version,
    access: manifest.access,
    content: draftContent(draft).hex,
    license: manifest.license ?? null,
    homepage: manifest.homepage ?? null,
    description: manifest.description ?? null,
    ...(manifest.metadata === undefined ? {} : { metadata: manifest.metadata }),
    manifest: {
      sha256: draft.manifestSha256.hex,
      ...(draft.commit === undefined ? {} : { commit: draft.commit }),
      ...(draft.repository === undefined ? {} : { repository: draft.repository }),
    },
    artifacts: draft.proven.map((proven) => artifactRecord(manifest, proven)).sort(byFile),
    missing: draft.missing.map(({ spec, reason }) => ({ id: spec.id, file: spec.file, reason })).sort(byFile),
    notes: null,
    run: draft.run,
  };
}

export function encodeRecord(record: Release | ObjectsRecord): Uint8Array {
  return Buffer.from(canonicalJson(record));
}

/** What `objects.json` says of this store. */
export function objectsRecord(proven: readonly ProvenArtifact[]): ObjectsRecord {
  return Object.fromEntries(
    proven.map(({ spec, stat }) => [
      spec.file,
      { etag: stat.etag, ...(stat.version === undefined ? {} : { version: stat.version }) },
    ]),
  );
}

function artifactRecord(manifest: Manifest, proven: ProvenArtifact): ReleaseArtifact {
  const { spec } = proven;
  return {
    id: spec.id,
    aliases: [...spec.aliases],
    kind: spec.kind,
    file: spec.file,
    path: artifactKey(manifest.collection, manifest.version, spec.file),
    size: proven.stat.size,
    sha256: proven.sha256.hex,
    digestFrom: spec.digestFrom,
    crc32c: proven.crc32c,
    mediaType: mediaType(spec.file),
    required: spec.required,
    labels: { ...spec.labels },
    ...(spec.metadata === undefined ? {} : { metadata: spec.metadata }),
    origin: proven.origin,
    stagedAt: proven.stagedAt.toISOString(),
  };
}

function byFile(a: { readonly file: string }, b: { readonly file: string }): number {
  return compareUtf8(a.file, b.file);
}
