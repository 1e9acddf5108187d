import { coerce, valid } from 'semver';
import { scalarText } from '../lock/yaml-scalar-text.ts';
import type { Access } from '../manifest/manifest.ts';

/** One artifact of a manifest that is being written. */
export interface DraftArtifact {
  readonly id: string;
  readonly kind: string;
  readonly file: string;
  readonly sources: readonly string[];
  readonly sha256?: string;
  /** Bytes. */
  readonly size?: number;
  readonly digestFrom?: 'upstream' | 'computed';
}

export interface ManifestDraft {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
  /** SPDX expression. */
  readonly license?: string | undefined;
  /** Where an editor finds the JSON schema, relative to the manifest; undefined leaves the line out. */
  readonly schema?: string | undefined;
  /** Lines for people at the top, without `#`. */
  readonly comments?: readonly string[];
  readonly artifacts: readonly DraftArtifact[];
}

/** Does this version need `versioning: tag`? Build metadata (`+…`) is no version here either. */
export function isTagVersion(version: string): boolean {
  return valid(version) !== version || version.includes('+');
}

/**
 * What the author of the first version should know before it is published, where it is a tag: a collection keeps its
 * scheme. Undefined for semver.
 */
export function tagNote(collection: string, version: string): string | undefined {
  if (!isTagVersion(version)) return undefined;
  const near = coerce(version)?.version;
  // Where the tag is no shorter spelling of a version, any would be a guess.
  const like = near !== undefined && /^v?\d+(?:\.\d+){0,2}$/.test(version) ? near : 'one such as 1.0.0';
  return `${version} is no semantic version, so versions of ${collection} are tags for good; write ${like} for semver`;
}

/** A manifest as a person would write it: one field a line, with comments on what may be filled in next. */
export function draftText(draft: ManifestDraft): string {
  const lines: string[] = [];
  if (draft.schema !== undefined) lines.push(`# yaml-language-server: $schema=${draft.schema}`);
  for (const comment of draft.comments ?? []) lines.push(comment === '' ? '#' : `# ${comment}`);
  lines.push('weighbridge: 1', `collection: ${plain(draft.collection)}`, `version: ${plain(draft.version)}`);
  if (isTagVersion(draft.version)) lines.push('versioning: tag # this version is a tag, not semver');
  lines.push(`access: ${draft.access} # public or private, the whole release`);
  if (draft.license === undefined) lines.push('# license: MIT # SPDX expression');
  else lines.push(`license: ${plain(draft.license)}`);
  lines.push('artifacts:');
  for (const artifact of draft.artifacts) lines.push(...artifactLines(artifact));
  return `${lines.join('\n')}\n`;
}

function artifactLines(artifact: DraftArtifact): string[] {
  const { id, kind, file, sources, sha256, size, digestFrom } = artifact;
  const lines = [`  - id: ${plain(id)}`, `    kind: ${plain(kind)}`, `    file: ${plain(file)}`];
  if (sources.length === 1) lines.push(`    source: ${plain(sources[0] ?? '')}`);
  else lines.push('    sources:', ...sources.map((source) => `      - ${plain(source)}`));
  if (sha256 !== undefined) lines.push(`    sha256: ${plain(sha256)}`);
  if (size !== undefined) lines.push(`    size: ${size}`);
  if (digestFrom !== undefined) lines.push(`    digestFrom: ${digestFrom}`);
  return lines;
}

function plain(value: string): string {
  return scalarText(value, undefined);
}
