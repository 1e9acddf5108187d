import pLimit from 'p-limit';
import type { Problem } from '../errors.ts';
import { equalDigests } from '../manifest/equal-digests.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { type Finding, placeFindings } from '../manifest/problem-list.ts';
import { YamlText } from '../manifest/yaml-text.ts';
import type { Source } from '../sources/source.ts';
import { applyProven } from './apply-proven.ts';
import { type ArtifactEdits, artifactEdits, artifactMap, type LockChange } from './artifact-edits.ts';
import { type LockedArtifact, lockArtifact } from './lock-artifact.ts';
import type { LockPorts } from './lock-ports.ts';

/** A manifest completed as far as its sources allow. */
export interface LockResult {
  /** The new text; the very same string where nothing changes. */
  readonly text: string;
  readonly changes: readonly LockChange[];
  /** Errors: something required could not be locked, or values disagree. Warnings: worth knowing. In the order of the text. */
  readonly problems: readonly Problem[];
}

/** A manifest as `parseManifest` gives it with `beforeLock`. */
export interface UnlockedManifest {
  /** The name that problems carry. */
  readonly file: string;
  readonly text: string;
  readonly manifest: Manifest;
}

/**
 * Completes a manifest: pins mutable revisions and fills in sha256, size and digestFrom. Comments, order, quotes
 * and line endings of everything else stay byte for byte. What is there already is compared, never replaced.
 * Failures of sources are problems of the result.
 * @throws the signal's reason when it aborts.
 */
export async function lockManifest(unlocked: UnlockedManifest, ports: LockPorts): Promise<LockResult> {
  const { text, file, manifest } = unlocked;
  const began = ports.clock.now().getTime();
  const release = `${manifest.collection}@${manifest.version}`;
  ports.reporter.emit({ type: 'run-started', job: 'lock', release, artifacts: manifest.artifacts.length });
  const opened = manifest.artifacts.map((spec) => ({
    spec,
    sources: spec.sources.map((ref) => ports.openSource(ref, spec)),
  }));
  const limit = pLimit(ports.concurrency);
  const locked = await limit.map(opened, ({ spec, sources }) => lockAndReport(spec, sources, ports));

  // Composed only where there is something to say or to write: it takes a second for 10,000 artifacts.
  const source = YamlText.decode(text, file);
  const findings: Finding[] = [...findingsOf(locked, source), ...twins(locked)];
  const { edits, unfit } = editsOf(locked, source);
  const { text: completed, kept, rejected } = applyProven(text, edits);
  for (const index of [...unfit, ...rejected.map(({ index }) => index)])
    findings.push(notEditable(index, locked[index]));

  const seconds = (ports.clock.now().getTime() - began) / 1000;
  ports.reporter.emit({ type: 'run-finished', release, state: 'done', seconds });
  return {
    text: completed,
    changes: kept.flatMap(({ changes }) => changes),
    problems: findings.length === 0 ? [] : placeFindings(findings, source),
  };
}

async function lockAndReport(
  spec: ArtifactSpec,
  sources: readonly Source[],
  ports: LockPorts,
): Promise<LockedArtifact> {
  const { id } = spec;
  ports.reporter.emit({ type: 'artifact-started', id, bytes: spec.size, source: spec.sources[0]?.uri });
  const locked = await lockArtifact(spec, sources, ports);
  const error = locked.findings.find(({ severity }) => severity === 'error');
  const end =
    error === undefined ? ({ state: 'valid' } as const) : ({ state: 'failed', reason: error.message } as const);
  ports.reporter.emit({ type: 'artifact-finished', id, bytes: locked.size ?? 0, ...end });
  return locked;
}

function findingsOf(locked: readonly LockedArtifact[], source: YamlText): Finding[] {
  return locked.flatMap(({ spec, findings }, index) =>
    findings.map(({ field, severity, message }) => {
      const one = field === 'sources' && artifactMap(source.document, index)?.has('source') === true;
      return { path: ['artifacts', index, one ? 'source' : field], severity, message: `${spec.id}: ${message}` };
    }),
  );
}

function twins(locked: readonly LockedArtifact[]): Finding[] {
  const artifacts = locked.map(({ spec, sha256 }) => ({ ...spec, sha256 }));
  const indexes = new Map(artifacts.map(({ id }, index) => [id, index]));
  return equalDigests({ artifacts }).flatMap(({ ids: [first, ...others] }) =>
    others.map((id) => ({
      path: ['artifacts', indexes.get(id) ?? 0, 'sha256'],
      severity: 'warning' as const,
      message: `${id}: the same digest as ${first}: is one of them a copying mistake?`,
    })),
  );
}

function editsOf(locked: readonly LockedArtifact[], source: YamlText): { edits: ArtifactEdits[]; unfit: number[] } {
  const edits: ArtifactEdits[] = [];
  const unfit: number[] = [];
  for (const [index, one] of locked.entries()) {
    if (one.fields.length === 0 && one.pins.length === 0) continue;
    const map = artifactMap(source.document, index);
    const found = map === undefined ? undefined : artifactEdits(source.text, map, index, one);
    if (found === undefined) unfit.push(index);
    else edits.push(found);
  }
  return { edits, unfit };
}

function notEditable(index: number, locked: LockedArtifact | undefined): Finding {
  const pins = locked?.pins.map(({ uri }) => uri) ?? [];
  const fields = locked?.fields.map(({ key, value }) => `${key}: ${value}`) ?? [];
  return {
    path: ['artifacts', index],
    message: `${locked?.spec.id}: cannot be edited in place; write by hand: ${[...pins, ...fields].join(', ')}`,
  };
}
