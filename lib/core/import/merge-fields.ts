import { isDeepStrictEqual } from 'node:util';
import type { YAMLMap } from 'yaml';
import { artifactFields, type DraftArtifact } from '../author/manifest-draft.ts';
import type { FieldValue } from '../lock/map-edits.ts';
import { isUnfilledDigest } from '../manifest/artifact-findings.ts';
import { digestContradictsSize } from '../manifest/digest-problem.ts';
import type { ArtifactSpec, Json } from '../manifest/manifest.ts';
import { withoutCredentials } from '../sources/signed-url.ts';
import type { ImportFinding } from './importer.ts';
import { sameSource } from './same-source.ts';

export interface MergedFields {
  /** Fields that are not there yet. */
  readonly fill: readonly FieldValue[];
  readonly findings: readonly ImportFinding[];
}

/**
 * What an artifact of a manifest gets from the input: only fields that it does not have. Where the two differ the
 * manifest stays as it is, and a finding says so.
 */
export function mergeArtifact(
  draft: DraftArtifact,
  spec: ArtifactSpec,
  map: YAMLMap,
  placeholders: readonly string[],
): MergedFields {
  const fill: FieldValue[] = [];
  const findings: ImportFinding[] = [];
  const keep = (field: string, kept: Json, imported: Json) => {
    const message = `kept ${shown(kept)}; the input says ${shown(imported)}`;
    findings.push({ kind: 'kept', subject: spec.id, field, message });
  };
  const present: Record<string, Json> = map.toJSON();
  const wanted = artifactFields(draft);
  const sources = draft.sources;
  if (sources.length > 0 && spec.sources.length === 0) {
    const emptyList = Object.hasOwn(present, 'sources');
    fill.push(
      sources.length === 1 && !emptyList
        ? { key: 'source', value: sources[0] ?? '' }
        : { key: 'sources', value: sources },
    );
  } else if (sources.length > 0 && !sameSources(spec, sources)) {
    keep(
      'sources',
      spec.sources.map(({ uri }) => uri),
      sources,
    );
  }
  for (const [key, value] of Object.entries(wanted)) {
    if (key === 'source' || key === 'sources') continue;
    const said = presentValue(present, key, placeholders);
    if (key === 'digestFrom') {
      // Says where a digest is from, so it comes with that digest or not at all.
      if (fill.some((field) => field.key === 'sha256') && said === undefined) fill.push({ key, value });
    } else if (said === undefined) {
      // A file that is not written is what the sources end in.
      if (key !== 'file') fill.push({ key, value });
      else if (spec.file !== draft.file) keep(key, spec.file, value);
    } else if (!covers(normal(key, said), normal(key, value))) keep(key, said, value);
  }
  return withoutContradiction(fill, findings, spec);
}

/** A size of the one and a digest of the other may not go together: then the manifest stays as it is. */
function withoutContradiction(fill: FieldValue[], findings: ImportFinding[], spec: ArtifactSpec): MergedFields {
  const sha256 = fill.find(({ key }) => key === 'sha256')?.value ?? spec.sha256?.hex;
  const size = fill.find(({ key }) => key === 'size')?.value ?? spec.size;
  const message = digestContradictsSize(String(sha256 ?? ''), typeof size === 'number' ? size : undefined);
  if (sha256 === undefined || message === undefined) return { fill, findings };
  const kept = fill.filter(({ key }) => !['sha256', 'size', 'digestFrom'].includes(key));
  return { fill: kept, findings: [...findings, { kind: 'conflict', subject: spec.id, field: 'sha256', message }] };
}

/** What a field of the manifest says; undefined where it is absent or waits to be filled in. */
function presentValue(
  present: Readonly<Record<string, Json>>,
  key: string,
  placeholders: readonly string[],
): Json | undefined {
  const value = Object.hasOwn(present, key) ? present[key] : undefined;
  return key === 'sha256' && isUnfilledDigest(value, placeholders) ? undefined : value;
}

function normal(key: string, value: Json): Json {
  return key === 'sha256' && typeof value === 'string' ? value.toLowerCase() : value;
}

/** Does `kept` say all of what `imported` says, and perhaps more? */
export function covers(kept: Json, imported: Json): boolean {
  if (isObject(kept) && isObject(imported)) {
    return Object.entries(imported).every(([key, value]) => {
      const member = Object.hasOwn(kept, key) ? kept[key] : undefined;
      return member !== undefined && covers(member, value);
    });
  }
  if (Array.isArray(kept) && Array.isArray(imported) && imported.every((item) => typeof item === 'string')) {
    return imported.every((item) => kept.includes(item));
  }
  return isDeepStrictEqual(kept, imported);
}

function isObject(value: Json): value is { readonly [key: string]: Json } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function sameSources(spec: ArtifactSpec, imported: readonly string[]): boolean {
  if (spec.sources.length < imported.length) return false;
  return imported.every((source, at) => {
    const kept = spec.sources[at];
    return kept !== undefined && sameSource(kept, source);
  });
}

function shown(value: Json): string {
  const text = withoutCredentials(typeof value === 'string' ? value : JSON.stringify(value));
  return text.length <= 100 ? text : `${text.slice(0, 99)}…`;
}
