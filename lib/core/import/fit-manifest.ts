import type { DraftArtifact, ManifestDraft } from '../author/manifest-draft.ts';
import { isTagVersion } from '../author/manifest-draft.ts';
import { UsageError } from '../errors.ts';
import { fileNameProblem } from '../manifest/file-name.ts';
import type { Access } from '../manifest/manifest.ts';
import { releaseFindings } from '../manifest/release-findings.ts';
import { collectionProblem, versionProblem } from '../manifest/release-name.ts';
import { addressFromTemplate } from './base-address.ts';
import { fitArtifact } from './fit-artifact.ts';
import { fitMetadata } from './fit-metadata.ts';
import type { ImportedManifest, ImportFinding } from './importer.ts';
import { takeSource } from './take-source.ts';

/** The name of a release, from settings, the manifest that is there, or the input. */
export interface ReleaseIdentity {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
}

export interface FitManifestOptions {
  readonly identity: ReleaseIdentity;
  /** SPDX expression that the user gave; it has the last word. */
  readonly license: string | undefined;
  /** Template that gives artifacts without a usable source theirs. */
  readonly sourceBase: string | undefined;
  readonly placeholders: readonly string[];
}

export interface FittedManifest {
  /** Names may still collide. */
  readonly draft: ManifestDraft;
  readonly findings: readonly ImportFinding[];
}

/**
 * Makes a draft of what was imported that the manifest's own parser accepts, field by field.
 * @throws UsageError for a name, version or licence that the user gave and that cannot be.
 */
export function fitManifest(imported: ImportedManifest, options: FitManifestOptions): FittedManifest {
  const { identity, placeholders } = options;
  checkIdentity(identity);
  const findings: ImportFinding[] = [];
  const artifacts: DraftArtifact[] = [];
  for (const artifact of imported.artifacts) {
    const sources = withBase(artifact.sources, artifact.file, options);
    const fitted = fitArtifact({ ...artifact, sources }, { ...identity, placeholders });
    findings.push(...fitted.findings);
    if (fitted.draft !== undefined) artifacts.push(fitted.draft);
  }
  const head = fitHead(imported, options);
  return { draft: { ...identity, ...head.fields, artifacts }, findings: [...head.findings, ...findings] };
}

function checkIdentity({ collection, version }: ReleaseIdentity): void {
  const problem = collectionProblem(collection);
  if (problem !== undefined) throw new UsageError(`collection ${JSON.stringify(collection)}: ${problem}`, identityHint);
  const wrong = versionProblem(version, isTagVersion(version) ? 'tag' : 'semver');
  if (wrong !== undefined) throw new UsageError(`version ${JSON.stringify(version)}: ${wrong}`, identityHint);
}

const identityHint = { hint: 'Give another with --name collection=… or --name version=….' };

function withBase(sources: readonly string[], file: string, options: FitManifestOptions): readonly string[] {
  const { sourceBase, placeholders, identity } = options;
  // A name that cannot be a file's is refused as such; an address is not made of it.
  if (sourceBase === undefined || fileNameProblem(file) !== undefined) return sources;
  if (sources.some((source) => isUsable(source, placeholders))) return sources;
  return [addressFromTemplate(sourceBase, { ...identity, file }, 'source-base'), ...sources];
}

/** Can this be fetched, as far as its text tells? */
export function isUsable(source: string, placeholders: readonly string[]): boolean {
  const taken = takeSource(source, placeholders);
  return taken.source !== undefined && taken.finding === undefined;
}

function fitHead(imported: ImportedManifest, { license, identity }: FitManifestOptions) {
  const { metadata, findings: dropped } = fitMetadata(imported.metadata, identity.collection);
  const findings = [...dropped];
  const wanted = {
    license: license ?? imported.license,
    homepage: imported.homepage,
    description: imported.description,
  };
  const fields: Record<string, string> = {};
  for (const [field, value] of Object.entries(wanted)) {
    if (value === undefined) continue;
    const message = headProblem(field, value);
    if (message === undefined) fields[field] = value;
    else if (field === 'license' && license !== undefined) throw new UsageError(`license: ${message}`);
    else findings.push({ kind: 'not-taken', subject: identity.collection, field, message });
  }
  return { fields: { ...fields, ...(metadata === undefined ? {} : { metadata }) }, findings };
}

const maximumLengths: Readonly<Record<string, number>> = { license: 1000, homepage: 2000, description: 10_000 };

function headProblem(field: string, value: string): string | undefined {
  const longest = maximumLengths[field] ?? 0;
  if (value.length > longest) return `at most ${longest} characters; these are ${value.length}`;
  if (!value.isWellFormed()) return 'half of a surrogate pair';
  const [finding] = releaseFindings({ [field]: value });
  return typeof finding?.message === 'string' ? finding.message : undefined;
}
