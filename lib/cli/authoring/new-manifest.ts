import type { SkippedFile } from '../../core/author/local-files.ts';
import type { Access } from '../../core/manifest/manifest.ts';

/** What the command line of `new` asks for. */
export interface NewRequest {
  readonly collection: string;
  readonly version: string;
  /** Files, folders, patterns and sources as the user wrote them. */
  readonly inputs: readonly string[];
  /** Last version's manifest. */
  readonly from: string | undefined;
  readonly output: string | undefined;
  readonly access: Access | undefined;
  /** SPDX expression. */
  readonly license: string | undefined;
}

/** A manifest that is to be written. */
export interface NewManifest {
  /** Absolute. */
  readonly path: string;
  readonly text: string;
  readonly skipped: readonly SkippedFile[];
  /** What the author should know, one sentence each. */
  readonly notes: readonly string[];
}
