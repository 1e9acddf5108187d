import { parseSource, sourceFileName } from '../sources/parse-source.ts';
import type { SourceRef } from '../sources/source-ref.ts';
import { digestContradictsSize, digestProblem } from './digest-problem.ts';
import type { FieldPath } from './field-path.ts';
import { fileNameProblem } from './file-name.ts';
import { type LooseFields, looseFields, looseList, textOf } from './manifest-document.ts';
import { metadataFindings } from './metadata-findings.ts';
import { isPlaceholderDigest } from './placeholders.ts';
import type { Finding } from './problem-list.ts';
import { linksOutside } from './resolve-below.ts';

export interface ArtifactCheck {
  readonly findings: Finding[];
  /** Those that parse, in order. */
  readonly sources: readonly SourceRef[];
  /** As written, or the one name that all sources end in. */
  readonly file: string | undefined;
  /** The field that says the file: where a collision is shown. */
  readonly fileField: FieldPath;
}

export interface ArtifactCheckOptions {
  /** The manifest's own folder, when links in it are to be looked at. */
  readonly directory: string | undefined;
  readonly placeholders: readonly string[];
  /** `lock` fills placeholder digests in: they count as absent. */
  readonly beforeLock: boolean;
}

/** What is wrong with one artifact, beyond its shape, and what it says about its file. */
export function checkArtifact(value: unknown, path: FieldPath, options: ArtifactCheckOptions): ArtifactCheck {
  const findings: Finding[] = [];
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    return { findings, sources: [], file: undefined, fileField: path };
  }
  const fields = looseFields(value);
  const sources = checkSources(fields, path, options, findings);
  checkDigest(fields, path, options, findings);
  findings.push(...metadataFindings(fields.metadata, [...path, 'metadata']));
  if (Object.keys(looseFields(fields.labels)).length > 100) {
    findings.push({ path: [...path, 'labels'], at: 'key', message: 'an artifact has at most 100 labels' });
  }
  const written = textOf(fields.file);
  if (written !== undefined) {
    const fileField = [...path, 'file'];
    const message = fileNameProblem(written);
    if (message !== undefined) findings.push({ path: fileField, message });
    return { findings, sources: sources.refs, file: message === undefined ? written : undefined, fileField };
  }
  const file = fields.file === undefined && sources.complete ? inferFile(sources.refs, path, findings) : undefined;
  return { findings, sources: sources.refs, file, fileField: path };
}

function checkSources(fields: LooseFields, path: FieldPath, options: ArtifactCheckOptions, findings: Finding[]) {
  if (fields.source !== undefined && fields.sources !== undefined) {
    const message = 'give either `source` or `sources`, not both';
    findings.push({ path: [...path, 'sources'], at: 'key', message });
  } else if (fields.source === undefined && fields.sources === undefined) {
    findings.push({ path, message: 'no source: give `source`, or `sources: []` while there is none' });
  } else if (Array.isArray(fields.sources) && fields.sources.length === 0) {
    const message = 'no source yet; this artifact stays unresolved';
    findings.push({ path: [...path, 'sources'], severity: 'warning', message });
  }
  const written: [unknown, FieldPath][] = looseList(fields.sources).map((uri, index) => [
    uri,
    [...path, 'sources', index],
  ]);
  if (fields.source !== undefined) written.unshift([fields.source, [...path, 'source']]);
  const refs: SourceRef[] = [];
  const seen = new Set<string>();
  for (const [uri, at] of written) {
    const ref = typeof uri === 'string' ? checkSource(uri, at, options, findings) : undefined;
    if (ref === undefined) continue;
    if (seen.has(ref.uri)) findings.push({ path: at, message: 'this source stands here a second time; remove it' });
    seen.add(ref.uri);
    refs.push(ref);
  }
  return { refs, complete: refs.length === written.length };
}

function checkSource(
  uri: string,
  at: FieldPath,
  options: ArtifactCheckOptions,
  findings: Finding[],
): SourceRef | undefined {
  const ref = parseSource(uri, options.placeholders);
  if ('problem' in ref) {
    findings.push({ path: at, message: ref.problem });
    return undefined;
  }
  if (ref.scheme === 'placeholder') {
    const message = `a placeholder that nobody filled in yet (${ref.pattern.slice(0, 40)})`;
    findings.push({ path: at, severity: 'warning', message });
  }
  if (ref.scheme === 'file' && options.directory !== undefined && linksOutside(options.directory, ref.path)) {
    findings.push({ path: at, message: "a link leads out of the manifest's own directory; put the file itself there" });
  }
  return ref;
}

/** The warning on an artifact that cannot be staged as it is. */
export const noDigest = 'no sha256: it is not staged until `weighbridge lock` has obtained one';

function checkDigest(fields: LooseFields, path: FieldPath, options: ArtifactCheckOptions, findings: Finding[]): void {
  const at = [...path, 'sha256'];
  const text = digestText(fields.sha256);
  const absent =
    fields.sha256 === undefined || (options.beforeLock && isUnfilledDigest(fields.sha256, options.placeholders));
  if (absent) {
    findings.push({ path, severity: 'warning', message: noDigest });
    if (fields.digestFrom !== undefined && fields.sha256 === undefined) {
      const without = 'this says where a digest is from, but there is none';
      findings.push({ path: [...path, 'digestFrom'], severity: 'warning', message: without });
    }
    return;
  }
  if (text === undefined) return;
  const message =
    digestProblem(text, options.placeholders) ??
    digestContradictsSize(text, typeof fields.size === 'number' ? fields.size : undefined);
  if (message !== undefined) findings.push({ path: at, message });
}

function digestText(value: unknown): string | undefined {
  if (value === null) return '';
  return typeof value === 'boolean' ? String(value) : textOf(value);
}

/** Does this stand in the place of a digest that `lock` is to fill in? */
export function isUnfilledDigest(value: unknown, placeholders: readonly string[]): boolean {
  return (
    value === null ||
    typeof value === 'boolean' ||
    (typeof value === 'string' && isPlaceholderDigest(value, placeholders))
  );
}

function inferFile(sources: readonly SourceRef[], path: FieldPath, findings: Finding[]): string | undefined {
  const names = new Set(sources.map(sourceFileName));
  const [name] = names;
  if (names.size === 1 && name !== undefined) {
    const problem = fileNameProblem(name);
    if (problem === undefined) return name;
    findings.push({ path, message: `the name that the sources end in cannot be used (${problem}); add \`file\`` });
    return undefined;
  }
  const message =
    names.size > 1
      ? 'the sources end in different names; add `file`'
      : 'no file, and no source to take its name from; add `file`';
  findings.push({ path, message });
  return undefined;
}
