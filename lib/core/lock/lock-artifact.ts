import type { Sha256 } from '../digest/sha256.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import { sentences } from '../sentences.ts';
import type { Source, SourceError } from '../sources/source.ts';
import { computeMissing } from './compute-missing.ts';
import { type Answer, consultSources, explain } from './consult-sources.ts';
import { disagreements, type Statement } from './disagreements.ts';
import type { LockPorts } from './lock-ports.ts';
import type { FieldValue } from './map-edits.ts';
import { pinnedUri } from './pinned-uri.ts';

/** Something to tell the user about one artifact. */
export interface LockFinding {
  readonly severity: 'error' | 'warning';
  /** Field of the artifact that it is about. */
  readonly field: 'sha256' | 'size' | 'sources';
  readonly message: string;
}

/** What `lock` learned about one artifact; fields and pins are empty where nothing may be written. */
export interface LockedArtifact {
  readonly spec: ArtifactSpec;
  /** The digest that holds for it now, declared or obtained. */
  readonly sha256: Sha256 | undefined;
  /** Bytes, likewise. */
  readonly size: number | undefined;
  readonly fields: readonly FieldValue[];
  readonly pins: readonly { readonly source: number; readonly uri: string }[];
  readonly findings: readonly LockFinding[];
}

/**
 * Asks every source of an artifact, compares what they say with each other and with the manifest, and downloads
 * once where nobody publishes what is missing. Failures of sources are findings, never exceptions.
 * @param sources those of the manifest, in its order.
 * @throws the signal's reason when it aborts.
 */
export async function lockArtifact(
  spec: ArtifactSpec,
  sources: readonly Source[],
  ports: LockPorts,
): Promise<LockedArtifact> {
  const { answers, failures } = await consultSources(spec, sources, ports);
  // Not a failure of the source: it has something else than the manifest says.
  const contradictions = failures.filter(({ outcome }) => outcome === 'wrong-size' || outcome === 'wrong-digest');
  if (contradictions[0] !== undefined) {
    const field = contradictions[0].outcome === 'wrong-size' ? 'size' : 'sha256';
    return refused(spec, sentences(contradictions.map((error) => explain(error))), field);
  }
  if (answers.length === 0) return unlocked(spec, [unreachable(spec, failures)]);

  const said: Statement[] = [{ by: 'the manifest', ...spec }, ...answers.map(statementOf)];
  const warnings = failures.map((error) => warning(explain(error, 'the other sources were asked instead')));
  const early = disagreements(said);
  if (early[0] !== undefined) return refused(spec, disagreementWords(early), early[0].field, warnings);

  const computed = await computeMissing(spec, answers, said, ports);
  warnings.push(...computed.failures.map((error) => warning(explain(error))));
  const all = [...said, ...computed.statements];
  const late = disagreements(all);
  if (late[0] !== undefined) return refused(spec, disagreementWords(late), late[0].field, warnings);

  const sha256 = all.find((one) => one.sha256 !== undefined)?.sha256;
  const size = all.find((one) => one.size !== undefined)?.size;
  if (sha256 === undefined || size === undefined) {
    return unlocked(spec, [unreachable(spec, [...failures, ...computed.failures])]);
  }
  const fields: FieldValue[] = [];
  if (spec.sha256 === undefined) fields.push({ key: 'sha256', value: sha256.hex });
  if (spec.size === undefined) fields.push({ key: 'size', value: size });
  if (spec.sha256 === undefined) {
    const published = answers.some(({ resolved }) => resolved.description.sha256 !== undefined);
    fields.push({ key: 'digestFrom', value: published ? 'upstream' : 'computed' });
  }
  return { spec, sha256, size, fields, pins: pinsOf(spec, answers), findings: warnings };
}

function statementOf({ resolved }: Answer): Statement {
  const { source, sha256, size } = resolved.description;
  return { by: source, sha256, size };
}

function pinsOf(spec: ArtifactSpec, answers: readonly Answer[]): { source: number; uri: string }[] {
  return answers.flatMap(({ index, resolved }) => {
    const ref = spec.sources[index];
    const uri = ref === undefined ? undefined : pinnedUri(ref, resolved.description.revision);
    return uri === undefined ? [] : [{ source: index, uri }];
  });
}

function unlocked(spec: ArtifactSpec, findings: readonly LockFinding[]): LockedArtifact {
  return { spec, sha256: spec.sha256, size: spec.size, fields: [], pins: [], findings };
}

function disagreementWords(found: readonly { readonly message: string }[]): string {
  return found.map(({ message }) => message).join('; ');
}

function refused(
  spec: ArtifactSpec,
  why: string,
  field: LockFinding['field'],
  warnings: readonly LockFinding[] = [],
): LockedArtifact {
  const advice = 'Nothing is written for this artifact; remove the source or the value that is wrong';
  return unlocked(spec, [...warnings, { severity: 'error', field, message: sentences([why, advice]) }]);
}

function unreachable(spec: ArtifactSpec, errors: readonly SourceError[]): LockFinding {
  const complete = spec.sha256 !== undefined && spec.size !== undefined;
  const why = spec.sources.length === 0 ? 'it has no sources' : sentences(errors.map((error) => explain(error)));
  const message = complete ? `no source could be asked, so nothing was checked: ${why}` : `not locked: ${why}`;
  return { severity: spec.required && !complete ? 'error' : 'warning', field: 'sources', message };
}

function warning(message: string): LockFinding {
  return { severity: 'warning', field: 'sources', message };
}
