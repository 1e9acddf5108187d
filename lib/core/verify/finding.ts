/**
 * What can be wrong. `missing`: a listed object is not there. `size`, `digest`: it is there with other bytes.
 * `refused`: it may not be read (401, 403), which is not the same as missing. `unreadable`: reading failed.
 * `stray`: nothing lists it. `record`: a release's own records contradict each other. `registry`: the registry is
 * damaged or not complete. `replica`: a replica says something else than the primary.
 */
export type FindingKind =
  | 'missing'
  | 'size'
  | 'digest'
  | 'refused'
  | 'unreadable'
  | 'stray'
  | 'record'
  | 'registry'
  | 'replica';

/** One thing that does not hold. */
export interface Finding {
  /** As the user wrote it. */
  readonly store: string;
  /** `collection@version`; null for what belongs to no release. */
  readonly release: string | null;
  /** The file inside the release, or the key where there is no release. */
  readonly file: string;
  readonly kind: FindingKind;
  readonly expected: string | number | null;
  readonly actual: string | number | null;
  /** A sentence that names the file, what was found and, where it is not plain, what to do. */
  readonly message: string;
}

/**
 * What is known of a release after looking. `valid`: every byte was hashed and every record agrees.
 * `unproven`: nothing contradicts, but bytes were not read (`--quick`). `pruned`: its files are gone by intent.
 */
export type VerifiedState = 'valid' | 'invalid' | 'unproven' | 'pruned';

export interface VerifiedRelease {
  readonly release: string;
  readonly state: VerifiedState;
  readonly artifacts: number;
  /** Bytes that were read and hashed. */
  readonly bytesHashed: number;
}

/** The result of `verify`: the JSON of `--json`. */
export interface VerifyResult {
  /** Nothing was found that does not hold. */
  readonly ok: boolean;
  readonly store: string;
  /** Only sizes and stored tags were compared. */
  readonly quick: boolean;
  readonly releases: readonly VerifiedRelease[];
  readonly findings: readonly Finding[];
  /** Things to know that break nothing: yanked, unfinished, what could not be looked at. */
  readonly notes: readonly string[];
  readonly bytesHashed: number;
  /** A replica after a quick look: artifacts that equal the primary's by stored CRC32C, and those that nothing compares. */
  readonly compared?: { readonly equal: number; readonly unknown: number };
  readonly seconds: number;
}
