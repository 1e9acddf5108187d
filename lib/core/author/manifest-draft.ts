import { coerce, valid } from 'semver';
import type { Access, Json } from '../manifest/manifest.ts';
import { fieldLines, plainText } from './yaml-lines.ts';

/** One artifact of a manifest that is being written. What is at its default (no alias, required) is not written. */
export interface DraftArtifact {
  /** Lines for people above it, without `#`. */
  readonly comments?: readonly string[];
  readonly id: string;
  readonly aliases?: readonly string[];
  readonly kind: string;
  readonly file: string;
  readonly sources: readonly string[];
  readonly sha256?: string;
  /** Bytes. */
  readonly size?: number;
  readonly digestFrom?: 'upstream' | 'computed';
  readonly required?: boolean;
  readonly labels?: Readonly<Record<string, string>>;
  readonly metadata?: Readonly<Record<string, Json>>;
}

export interface ManifestDraft {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
  /** SPDX expression. */
  readonly license?: string | undefined;
  /** An https:// page. */
  readonly homepage?: string | undefined;
  readonly description?: string | undefined;
  readonly metadata?: Readonly<Record<string, Json>> | undefined;
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
  lines.push(...commentLines(draft.comments));
  lines.push('weighbridge: 1', `collection: ${plainText(draft.collection)}`, `version: ${plainText(draft.version)}`);
  if (isTagVersion(draft.version)) lines.push('versioning: tag # this version is a tag, not semver');
  lines.push(`access: ${draft.access} # public or private, the whole release`);
  if (draft.license === undefined) lines.push('# license: MIT # SPDX expression');
  else lines.push(`license: ${plainText(draft.license)}`);
  for (const field of ['homepage', 'description', 'metadata'] as const) {
    const value = draft[field];
    if (value !== undefined) lines.push(...fieldLines(field, value));
  }
  lines.push('artifacts:');
  for (const artifact of draft.artifacts) lines.push(...artifactLines(artifact));
  return `${lines.join('\n')}\n`;
}

/** The lines of one artifact as an item of the list, its dash `indent` columns to the right. */
export function artifactLines(artifact: DraftArtifact, indent = 2): string[] {
  const lines = Object.entries(artifactFields(artifact)).flatMap(([key, value]) => fieldLines(key, value));
  const item = [...commentLines(artifact.comments), ...lines.map((line, at) => (at === 0 ? `- ${line}` : `  ${line}`))];
  return item.map((line) => ' '.repeat(indent) + line);
}

/** What a manifest says of an artifact, field by field in the order of writing. */
export function artifactFields(artifact: DraftArtifact): Record<string, Json> {
  const { id, kind, file, sources, sha256, size, digestFrom } = artifact;
  const { aliases = [], required = true, labels = {}, metadata = {} } = artifact;
  return {
    id,
    ...(aliases.length === 0 ? {} : { aliases }),
    kind,
    file,
    ...(sources.length === 1 ? { source: sources[0] ?? '' } : { sources }),
    ...(sha256 === undefined ? {} : { sha256 }),
    ...(size === undefined ? {} : { size }),
    ...(digestFrom === undefined ? {} : { digestFrom }),
    ...(required ? {} : { required }),
    ...(Object.keys(labels).length === 0 ? {} : { labels }),
    ...(Object.keys(metadata).length === 0 ? {} : { metadata }),
  };
}

function commentLines(comments: readonly string[] = []): string[] {
  return comments.map((comment) => (comment === '' ? '#' : `# ${comment}`));
}
