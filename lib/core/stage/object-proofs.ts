import type { ReleaseArtifact } from '../registry/records.ts';
import type { ObjectStat } from '../stores/store.ts';

/** What the bytes of an object hash to, and what told it apart when they did. */
export interface ProvenObject {
  /** Lowercase hex, of the whole object. */
  readonly sha256: string;
  /** As it was in the store. */
  readonly stat: ObjectStat;
}

/** With what a release's record says of it. */
export interface ObjectProof extends ProvenObject {
  /** Base64; null where it was not computed. */
  readonly crc32c: string | null;
  readonly origin: ReleaseArtifact['origin'];
  readonly stagedAt: Date;
}

/** Proofs that earlier attempts left in the working state, by key of the object. */
export type ObjectProofs<Proof extends ProvenObject = ObjectProof> = ReadonlyMap<string, readonly Proof[]>;

/**
 * The proof that holds for an object as it is now; undefined where it would have to be read again. A tag alone tells
 * the same bytes apart from others, a version also from the same bytes put back: objects.json is to name the right one.
 */
export function proofOf<Proof extends ProvenObject>(
  proofs: ObjectProofs<Proof> | undefined,
  stat: ObjectStat,
): Proof | undefined {
  return proofs
    ?.get(stat.key)
    ?.find(
      ({ stat: proven }) =>
        proven.etag === stat.etag && proven.size === stat.size && (proven.version ?? stat.version) === stat.version,
    );
}
