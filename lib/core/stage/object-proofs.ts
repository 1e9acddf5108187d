import type { ReleaseArtifact } from '../registry/records.ts';
import type { ObjectStat } from '../stores/store.ts';

/** That an object was proven: what its bytes hash to, and what told it apart then. */
export interface ObjectProof {
  /** Lowercase hex, of the whole object. */
  readonly sha256: string;
  /** As it was in the store. */
  readonly stat: ObjectStat;
  /** Base64; null where it was not computed. */
  readonly crc32c: string | null;
  readonly origin: ReleaseArtifact['origin'];
  readonly stagedAt: Date;
}

/** Proofs that earlier attempts left in the working state, by key of the object. */
export type ObjectProofs = ReadonlyMap<string, readonly ObjectProof[]>;

/**
 * The proof that holds for an object as it is now; undefined where it would have to be read again. A tag alone tells
 * the same bytes apart from others, a version also from the same bytes put back: objects.json is to name the right one.
 */
export function proofOf(proofs: ObjectProofs | undefined, stat: ObjectStat): ObjectProof | undefined {
  return proofs
    ?.get(stat.key)
    ?.find(
      ({ stat: proven }) =>
        proven.etag === stat.etag && proven.size === stat.size && (proven.version ?? stat.version) === stat.version,
    );
}
