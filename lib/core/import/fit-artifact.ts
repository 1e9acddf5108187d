import { artifactKey } from '../../contract/keys.ts';
import type { DraftArtifact } from '../author/manifest-draft.ts';
import { artifactSchema, idPattern } from '../manifest/artifact-schema.ts';
import { digestContradictsSize, digestProblem } from '../manifest/digest-problem.ts';
import { fileNameProblem } from '../manifest/file-name.ts';
import { isPlaceholderDigest } from '../manifest/placeholders.ts';
import { fitMetadata } from './fit-metadata.ts';
import type { ImportedArtifact, ImportFinding } from './importer.ts';
import { takeSource } from './take-source.ts';

export interface FitOptions {
  readonly collection: string;
  readonly version: string;
  /** More placeholder texts, from the configuration. */
  readonly placeholders: readonly string[];
}

export interface FittedArtifact {
  /** Undefined when no manifest can have it. */
  readonly draft: DraftArtifact | undefined;
  readonly findings: readonly ImportFinding[];
}

/** S3 and GCS allow keys of at most 1,024 bytes. */
const maximumKeyBytes = 1024;
const maximumSources = 32;
const maximumAliases = 100;
const maximumLabels = 100;

/**
 * Makes of what an importer read an artifact that the manifest's own parser accepts. A field that it would refuse is
 * left out with a finding; only an artifact without a usable id or file is left out as a whole.
 */
export function fitArtifact(artifact: ImportedArtifact, options: FitOptions): FittedArtifact {
  const findings: ImportFinding[] = [];
  const subject = artifact.id === '' ? artifact.file : artifact.id;
  const say = (kind: ImportFinding['kind'], field: string, message: string) => {
    findings.push({ kind, subject, field, message });
  };
  const { file } = artifact;
  const wrongFile = fileNameProblem(file) ?? longKey(file, options);
  if (wrongFile !== undefined) say('not-taken', 'file', wrongFile);
  if (!idPattern.test(artifact.id))
    say('not-taken', 'id', 'an id has letters, digits, ".", "_", "+" and "-", at most 128');
  if (findings.length > 0) return { draft: undefined, findings };

  const kind = artifactSchema.shape.kind.safeParse(artifact.kind).success ? artifact.kind : 'file';
  if (kind !== artifact.kind) say('not-taken', 'kind', 'no word that a kind can be; it is "file" now');
  const labels = fitLabels(artifact.labels, say);
  const { metadata, findings: more } = fitMetadata(artifact.metadata, subject);
  findings.push(...more);
  const draft: DraftArtifact = {
    id: artifact.id,
    aliases: fitAliases(artifact, say),
    kind,
    file,
    sources: fitSources(artifact, options.placeholders, say),
    ...fitDigest(artifact, options.placeholders, say),
    required: artifact.required,
    labels,
    ...(metadata === undefined ? {} : { metadata }),
  };
  return { draft, findings };
}

type Say = (kind: ImportFinding['kind'], field: string, message: string) => void;

function longKey(file: string, { collection, version }: FitOptions): string | undefined {
  const bytes = Buffer.byteLength(artifactKey(collection, version, file));
  return bytes <= maximumKeyBytes
    ? undefined
    : `its key in a store has ${bytes} bytes; at most ${maximumKeyBytes} are allowed`;
}

function fitAliases({ id, aliases }: ImportedArtifact, say: Say): string[] {
  const usable = new Set<string>();
  for (const alias of aliases) {
    if (alias === id) continue;
    if (!idPattern.test(alias)) say('not-taken', 'aliases', `${JSON.stringify(alias.slice(0, 60))} cannot be an id`);
    else if (usable.size < maximumAliases) usable.add(alias);
    else say('not-taken', 'aliases', `an artifact has at most ${maximumAliases} aliases`);
  }
  return [...usable];
}

function fitSources({ sources }: ImportedArtifact, placeholders: readonly string[], say: Say): string[] {
  const usable = new Set<string>();
  for (const address of sources) {
    const { source, finding } = takeSource(address, placeholders);
    if (source === undefined && finding !== undefined) say(finding.kind, 'sources', finding.message);
    else if (usable.size < maximumSources) usable.add(address);
    else say('not-taken', 'sources', `an artifact has at most ${maximumSources} sources`);
  }
  return [...usable];
}

function fitDigest(artifact: ImportedArtifact, placeholders: readonly string[], say: Say) {
  const { digestFrom } = artifact;
  const size = fitSize(artifact.size, say);
  if (artifact.sha256 === undefined) return size === undefined ? {} : { size };
  const sha256 = artifact.sha256.toLowerCase();
  const problem = digestProblem(sha256, placeholders);
  if (problem !== undefined) {
    say(isPlaceholderDigest(sha256, placeholders) ? 'placeholder' : 'missing-digest', 'sha256', problem);
    return size === undefined ? {} : { size };
  }
  const contradiction = digestContradictsSize(sha256, size);
  if (contradiction === undefined) {
    return { sha256, ...(size === undefined ? {} : { size }), ...(digestFrom === undefined ? {} : { digestFrom }) };
  }
  say('conflict', 'size', `${contradiction}; neither was taken (${sha256}, ${size} bytes)`);
  return {};
}

function fitSize(size: number | undefined, say: Say): number | undefined {
  if (size === undefined || (Number.isSafeInteger(size) && size >= 0)) return size;
  say('missing-size', 'size', 'no whole number of bytes');
  return undefined;
}

function fitLabels(labels: ImportedArtifact['labels'], say: Say): Record<string, string> {
  const usable: [string, string][] = [];
  for (const [name, text] of Object.entries(labels)) {
    const odd = name === '__proto__' || name === '<<' || name.length > 512 || !(name + text).isWellFormed();
    if (odd) say('not-taken', 'labels', `a label ${JSON.stringify(name.slice(0, 40))} cannot be written`);
    else if (usable.length < maximumLabels) usable.push([name, text]);
    else say('not-taken', 'labels', `an artifact has at most ${maximumLabels} labels`);
  }
  return Object.fromEntries(usable);
}
