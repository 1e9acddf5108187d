import type { Document } from 'yaml';
import { artifactKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import type { Problem } from '../errors.ts';
import { type ArtifactCheck, checkArtifact, isUnfilledDigest } from './artifact-findings.ts';
import { equalDigests } from './equal-digests.ts';
import type { FieldPath } from './field-path.ts';
import type { ArtifactSpec, Json, Manifest } from './manifest.ts';
import {
  type ArtifactDocument,
  type LooseFields,
  looseFields,
  looseList,
  type ManifestDocument,
  textOf,
} from './manifest-document.ts';
import { fileCollisions, idCollisions } from './name-collisions.ts';
import { type Finding, placeFindings } from './problem-list.ts';
import { invalidDocument, readDocument } from './read-document.ts';
import { releaseFindings } from './release-findings.ts';
import { shapeFindings } from './shape-findings.ts';
import { unsupportedFindings } from './unsupported-findings.ts';
import { valueAt } from './value-at.ts';
import { YamlText } from './yaml-text.ts';

export interface ParseManifestOptions {
  /** The name to print in problems. */
  readonly file: string;
  /** The manifest's own folder: given, `file:` sources that links lead out of it are errors. */
  readonly directory?: string | undefined;
  /** More placeholder texts, from the configuration. */
  readonly placeholders?: readonly string[];
  /** `lock` reads manifests whose digests are still placeholders: they count as absent. Default false. */
  readonly beforeLock?: boolean;
}

export interface ParsedManifest {
  readonly manifest: Manifest;
  /** The text without a byte order mark, to which the ranges of `document` refer. */
  readonly text: string;
  /** For editing in place. Composed when first asked for: about a second for 10,000 artifacts. */
  readonly document: Document.Parsed;
  /** Warnings, in the order of the text. */
  readonly problems: readonly Problem[];
}

/** S3 and GCS allow keys of at most 1,024 bytes. */
const maximumKeyBytes = 1024;

/**
 * Reads a manifest: strict YAML 1.2 (or JSON), then its shape, then its meaning.
 * @throws InvalidFile with every problem of the file, warnings included, in the order of the text.
 */
export function parseManifest(input: string | Uint8Array, options: ParseManifestOptions): ParsedManifest {
  const source = YamlText.decode(input, options.file);
  const { value, findings } = readDocument(source);
  const fields = looseFields(value);
  const check = {
    directory: options.directory,
    placeholders: options.placeholders ?? [],
    beforeLock: options.beforeLock ?? false,
  };
  const checks = looseList(fields.artifacts).map((artifact, index) =>
    checkArtifact(artifact, ['artifacts', index], check),
  );
  findings.push(...shapeFindings(value).filter(({ path }) => !isDigestText(value, path)));
  findings.push(...unsupportedFindings(fields), ...releaseFindings(fields));
  for (const one of checks) findings.push(...one.findings);
  findings.push(...collisions(fields, checks), ...longKeys(fields, checks));
  if (findings.some(({ severity }) => severity !== 'warning')) throw invalidDocument(source, findings);

  const manifest = buildManifest(value as ManifestDocument, checks, check.placeholders);
  findings.push(...twins(manifest));
  return {
    manifest,
    text: source.text,
    get document() {
      return source.document;
    },
    problems: findings.length === 0 ? [] : placeFindings(findings, source),
  };
}

/** Texts in the place of a digest have messages of their own. */
function isDigestText(root: unknown, path: FieldPath): boolean {
  if (path.length !== 3 || path[2] !== 'sha256') return false;
  const value = valueAt(root, path);
  return value === null || typeof value === 'string' || typeof value === 'boolean';
}

function collisions(fields: LooseFields, checks: readonly ArtifactCheck[]): Finding[] {
  const files = checks.flatMap(({ file, fileField }) => (file === undefined ? [] : [{ file, path: fileField }]));
  const companions = looseList(fields.companions).flatMap((companion, index) => {
    const file = textOf(looseFields(companion).file);
    return file === undefined ? [] : [{ file, path: ['companions', index, 'file'] }];
  });
  const ids = looseList(fields.artifacts).flatMap((artifact, index) => {
    const path = ['artifacts', index];
    const { id, aliases } = looseFields(artifact);
    const names = [
      { id, path: [...path, 'id'] },
      ...looseList(aliases).map((alias, at) => ({ id: alias, path: [...path, 'aliases', at] })),
    ];
    return names.flatMap((name) => (typeof name.id === 'string' ? [{ id: name.id, path: name.path }] : []));
  });
  return [...fileCollisions([...files, ...companions]), ...idCollisions(ids)];
}

function longKeys(fields: LooseFields, checks: readonly ArtifactCheck[]): Finding[] {
  const collection = textOf(fields.collection) ?? '';
  const version = textOf(fields.version) ?? '';
  return checks.flatMap(({ file, fileField }) => {
    const bytes = file === undefined ? 0 : Buffer.byteLength(artifactKey(collection, version, file));
    if (bytes <= maximumKeyBytes) return [];
    return [
      {
        path: fileField,
        message: `collection, version and file together have at most ${maximumKeyBytes} bytes; these have ${bytes}`,
      },
    ];
  });
}

function twins(manifest: Manifest): Finding[] {
  const indexes = new Map(manifest.artifacts.map(({ id }, index) => [id, index]));
  return equalDigests(manifest).flatMap(({ ids: [first, ...others] }) =>
    others.map((id): Finding => {
      const path = ['artifacts', indexes.get(id) ?? 0, 'sha256'];
      return { path, severity: 'warning', message: `the same digest as ${first}: is one of them a copying mistake?` };
    }),
  );
}

function buildManifest(
  document: ManifestDocument,
  checks: readonly ArtifactCheck[],
  placeholders: readonly string[],
): Manifest {
  return {
    collection: document.collection,
    version: document.version,
    versioning: document.versioning ?? 'semver',
    access: document.access,
    license: document.license,
    homepage: document.homepage,
    description: document.description,
    metadata: document.metadata as Record<string, Json> | undefined,
    artifacts: document.artifacts.map((artifact, index) => buildArtifact(artifact, checks[index], placeholders)),
  };
}

function buildArtifact(
  document: ArtifactDocument,
  check: ArtifactCheck | undefined,
  placeholders: readonly string[],
): ArtifactSpec {
  if (check?.file === undefined) throw new RangeError('an artifact without problems has a file');
  const unfilled = document.sha256 === undefined || isUnfilledDigest(document.sha256, placeholders);
  return {
    id: document.id,
    aliases: document.aliases ?? [],
    kind: document.kind ?? 'file',
    file: check.file,
    sources: check.sources,
    sha256: unfilled ? undefined : Sha256.of(document.sha256 ?? ''),
    size: document.size,
    digestFrom: document.digestFrom ?? 'declared',
    required: document.required ?? true,
    labels: document.labels ?? {},
    metadata: document.metadata as Record<string, Json> | undefined,
  };
}
