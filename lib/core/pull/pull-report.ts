/**
 * What lies at a file's place. `pointer`: a Git LFS pointer, which stands for weights and is none.
 * `size`, `digest`: other bytes than the release has. `valid`: every byte was hashed and is right.
 */
export type LocalState = 'missing' | 'pointer' | 'size' | 'digest' | 'valid';

/** How a file ended. `present`: it was right already. `fetched`: it is proven and in place now. `failed`: see the reason. */
export type PulledState = LocalState | 'present' | 'fetched' | 'failed';

export interface PulledFile {
  readonly id: string;
  readonly file: string;
  readonly state: PulledState;
  readonly required: boolean;
  /** Bytes. */
  readonly size: number;
  readonly sha256: string;
  /** Where it is or belongs on this machine. */
  readonly path: string;
  /** Bytes that the mirror sent in this run, wasted ones included. */
  readonly bytesFetched: number;
  readonly seconds: number;
  /** Why it failed. */
  readonly reason?: string;
  /** Name of the error that it failed with, such as `NotAuthorised` or `DigestMismatch`; absent where the file system refused. */
  readonly code?: string;
}

/** The result of `pull`: the JSON of `--json`. */
export interface PullReport {
  /** Everything required is in place and proven. */
  readonly ok: boolean;
  readonly release: string;
  readonly collection: string;
  readonly version: string;
  /** The mirror as the user wrote it; null when only what is on this machine was used. */
  readonly from: string | null;
  readonly files: readonly PulledFile[];
  readonly bytesFetched: number;
  readonly seconds: number;
  /** Things to know that stop nothing. */
  readonly warnings: readonly string[];
}
