import type { Sha256 } from '../digest/sha256.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ResolvedSource, SourceError } from '../sources/source.ts';
import { attempt } from './attempt.ts';
import { computeDigest } from './compute-digest.ts';
import { type Consulted, consultSources, explain } from './consult-sources.ts';
import { disagreements, type Statement } from './disagreements.ts';
import type { LockPorts } from './lock-ports.ts';
import type { FieldValue } from './map-edits.ts';
import { pinnedUri } from './pinned-uri.ts';

/** Something to tell the user about one artifact. */
export interface LockFinding {
  readonly severity: 'error' | 'warning';
  /** Field of the artifact that it is about, such as `sha256` or `sources`. */
  readonly field: string;
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
 * @throws the signal's reason when it aborts.
 */
export async function lockArtifact(spec: ArtifactSpec, ports: LockPorts): Promise<LockedArtifact> {
  const consulted = await consultSources(spec, ports);
  const answered = consulted.flatMap((one) => (one.resolved === undefined ? [] : [one.resolved]));
  const failed = consulted.flatMap((one) => (one.error === undefined ? [] : [one.error]));
  const nothing = { spec, sha256: spec.sha256, size: spec.size, fields: [], pins: [] };
  if (answered.length === 0) return { ...nothing, findings: [unreachable(spec, failed)] };

  const statements: Statement[] = [
    { by: 'the manifest', sha256: spec.sha256, size: spec.size },
    ...answered.map(({ description: { source, sha256, size } }) => ({ by: source, sha256, size })),
  ];
  const early = disagreements(statements);
  if (early.length > 0) return { ...nothing, findings: early.map(refusal) };

  const findings: LockFinding[] = failed.map((error) => ({
    severity: 'warning',
    field: 'sources',
    message: `${explain(error)}; the other sources were asked instead`,
  }));
  const computed = await computeWhatIsMissing(spec, answered, statements, ports, findings);
  if (computed === 'failed') return { ...nothing, findings };
  statements.push(...computed);
  const late = disagreements(statements);
  if (late.length > 0) return { ...nothing, findings: [...findings, ...late.map(refusal)] };

  const sha256 = statements.find((one) => one.sha256 !== undefined)?.sha256;
  const size = statements.find((one) => one.size !== undefined)?.size;
  const published = answered.some(({ description }) => description.sha256 !== undefined);
  const fields: FieldValue[] = [];
  if (spec.sha256 === undefined && sha256 !== undefined) fields.push({ key: 'sha256', value: sha256.hex });
  if (spec.size === undefined && size !== undefined) fields.push({ key: 'size', value: size });
  if (spec.sha256 === undefined && sha256 !== undefined) {
    fields.push({ key: 'digestFrom', value: published ? 'upstream' : 'computed' });
  }
  return { spec, sha256, size, fields, pins: pinsOf(consulted), findings };
}

/**
 * Reads bytes where something is missing that no source publishes; local files are read in any case, because
 * that costs little and is the only way to notice that they are no longer what the manifest says.
 */
async function computeWhatIsMissing(
  spec: ArtifactSpec,
  answered: readonly ResolvedSource[],
  statements: readonly Statement[],
  ports: LockPorts,
  findings: LockFinding[],
): Promise<Statement[] | 'failed'> {
  const computed: Statement[] = [];
  const known = (field: 'sha256' | 'size') => [...statements, ...computed].some((one) => one[field] !== undefined);
  const failures: SourceError[] = [];
  // Local files first: hashing them may spare a download.
  const inOrder = [...answered].sort((a, b) => Number(b.cheapToReread) - Number(a.cheapToReread));
  for (const source of inOrder) {
    if (!source.cheapToReread && known('sha256') && known('size')) continue;
    const result = await attempt(spec.id, ports, () => computeDigest(spec.id, source, ports.reporter, ports.signal));
    if ('error' in result) failures.push(result.error);
    else computed.push({ by: `the content of ${source.description.source}`, ...result.value });
  }
  if (known('sha256') && known('size')) {
    findings.push(
      ...failures.map((error): LockFinding => ({ severity: 'warning', field: 'sources', message: explain(error) })),
    );
    return computed;
  }
  findings.push(unreachable(spec, failures));
  return 'failed';
}

function pinsOf(consulted: readonly Consulted[]): { source: number; uri: string }[] {
  return consulted.flatMap(({ ref, index, resolved }) => {
    const uri = pinnedUri(ref, resolved?.description.revision);
    return uri === undefined ? [] : [{ source: index, uri }];
  });
}

function refusal({ field, message }: { field: string; message: string }): LockFinding {
  return {
    severity: 'error',
    field,
    message: `${message}. Nothing is written for this artifact; remove the source or the value that is wrong`,
  };
}

function unreachable(spec: ArtifactSpec, errors: readonly SourceError[]): LockFinding {
  const complete = spec.sha256 !== undefined && spec.size !== undefined;
  const reasons = errors.map(explain).join('; ');
  const why = spec.sources.length === 0 ? 'it has no sources' : reasons;
  const message = complete
    ? `no source could be asked, so what is there was not checked: ${why}`
    : `not locked: ${why}`;
  return { severity: spec.required && !complete ? 'error' : 'warning', field: 'sources', message };
}
