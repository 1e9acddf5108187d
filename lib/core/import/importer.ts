import type { Access, Json } from '../manifest/manifest.ts';
import type { ImportPorts } from './import-ports.ts';

/**
 * Reads what another system keeps about its weights and says it as ordinary manifests. It reads the format, not one
 * file of it: unknown fields go into `metadata`, and what cannot be taken over is a finding, never an end of the work.
 */
export interface Importer {
  /** What the command line calls it: `sha256sums`. */
  readonly kind: string;
  /** Formats of nobody in particular come first in the help. */
  readonly generic: boolean;
  /** One line for the help: what INPUT is. */
  readonly summary: string;
  readonly settings: readonly ImportSetting[];
  /**
   * @throws InvalidFile when the input is not of this format at all; UsageError for settings that are missing or wrong;
   * NotFound, NotAuthorised, SourceError where a remote input cannot be had.
   */
  read(request: ImportRequest, ports: ImportPorts): Promise<ImportResult>;
  /** The same format, written to: absent where publications are not recorded in it. */
  readonly patch?: RegistryPatch;
}

/** `--name K=V`. */
export interface ImportSetting {
  readonly name: string;
  readonly summary: string;
  readonly required: boolean;
}

export interface ImportRequest {
  /** As the user wrote it: a file, a folder, or the address of something remote. */
  readonly input: string;
  /** Values of the importer's settings, by name. */
  readonly settings: Readonly<Record<string, string>>;
}

export interface ImportResult {
  readonly manifests: readonly ImportedManifest[];
  /** In the order of the input. */
  readonly findings: readonly ImportFinding[];
  /** What was counted, for people who know their file: `models: 31, needs: 43`. */
  readonly figures: Readonly<Record<string, number>>;
}

export interface ImportedManifest {
  /** What the input says; the user's settings `collection`, `version` and `access` have the last word. */
  readonly collection: string | undefined;
  readonly version: string | undefined;
  readonly access: Access | undefined;
  readonly license?: string;
  readonly homepage?: string;
  readonly description?: string;
  readonly metadata?: Readonly<Record<string, Json>>;
  readonly artifacts: readonly ImportedArtifact[];
}

export interface ImportedArtifact {
  readonly id: string;
  readonly aliases: readonly string[];
  readonly kind: string;
  readonly file: string;
  /** In order of preference; none is allowed, and is a finding. */
  readonly sources: readonly string[];
  /** Lowercase hex: what the input expects. Never from a claim that something was verified. */
  readonly sha256?: string;
  /** Where the digest is from: published by upstream, or computed here. Absent: declared by the input. */
  readonly digestFrom?: 'upstream' | 'computed';
  /** Bytes, exact. A rounded size goes into `metadata`. */
  readonly size?: number;
  readonly required: boolean;
  readonly labels: Readonly<Record<string, string>>;
  /** Fields of the input that a manifest has no place for. */
  readonly metadata?: Readonly<Record<string, Json>>;
}

export type ImportFindingKind =
  /** Not filled in: `MISSING`, `YOUR_USERNAME`, `<to_be_calculated>` … */
  | 'placeholder'
  /** Two places of the input say different things; both values are in the message. */
  | 'conflict'
  | 'missing-digest'
  | 'missing-size'
  /** Nowhere to get it from. */
  | 'absent-source'
  /** An address that is a credential, left out. */
  | 'signed-url'
  /** For a person to look at; nothing was done. */
  | 'suggestion'
  /** A source, name or entry that a manifest cannot have, and why. */
  | 'not-taken'
  /** Something another system calls verified, which is no proof. */
  | 'claim'
  /** An edit by hand that was kept although the input says otherwise. */
  | 'kept';

export interface ImportFinding {
  readonly kind: ImportFindingKind;
  /** The system's own key: a model and kind, a file name. */
  readonly subject: string;
  /** Field of the input, where it is one. */
  readonly field?: string;
  readonly message: string;
}

/** Writes publications into the other system's file, and takes them out again. */
export interface RegistryPatch {
  /**
   * The text with the entries of `publications` changed and every other byte as it was.
   * @throws InvalidFile when the text is not of this format
   */
  apply(text: string, publications: readonly Publication[]): PatchedText;
}

/** Where an artifact of a release is now, proven by reading it as a consumer would. */
export interface Publication {
  /** Id of the artifact, or one of its aliases: how the importer named the entry. */
  readonly id: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly url: string;
  /** Last part of its path. */
  readonly fileName: string;
  readonly sha256: string;
  /** Bytes. */
  readonly size: number;
}

export interface PatchedText {
  readonly text: string;
  /** Entries that were changed, by the system's own key. */
  readonly changed: readonly string[];
  /** Publications that the file has no entry for. */
  readonly unknown: readonly string[];
}
