import type { Sha256 } from '../digest/sha256.ts';
import type { SourceRef } from '../sources/source-ref.ts';

export type Access = 'public' | 'private';
export type DigestFrom = 'declared' | 'upstream' | 'computed';
export type Json = null | boolean | number | string | readonly Json[] | { readonly [key: string]: Json };

/** One collection at one version, as a manifest file states it: validated, defaults filled in. */
export interface Manifest {
  readonly collection: string;
  readonly version: string;
  readonly versioning: 'semver' | 'tag';
  readonly access: Access;
  readonly license: string | undefined;
  readonly homepage: string | undefined;
  readonly description: string | undefined;
  readonly metadata: Readonly<Record<string, Json>> | undefined;
  /** In the order of the file. */
  readonly artifacts: readonly ArtifactSpec[];
}

/** One file of a release, as wanted. */
export interface ArtifactSpec {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly kind: string;
  /** Relative POSIX path inside the release. */
  readonly file: string;
  readonly sources: readonly SourceRef[];
  /** Undefined until `lock` obtains one; such an artifact is `unresolved`. */
  readonly sha256: Sha256 | undefined;
  readonly size: number | undefined;
  readonly digestFrom: DigestFrom;
  readonly required: boolean;
  readonly labels: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, Json>> | undefined;
}
