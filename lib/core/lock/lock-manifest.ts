import pLimit from 'p-limit';
import { type Document, isNode, parseDocument } from 'yaml';
import type { Problem } from '../errors.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { applyProven } from './apply-proven.ts';
import { type ArtifactEdits, artifactEdits, artifactMap, type LockChange } from './artifact-edits.ts';
import { equalDigests } from './equal-digests.ts';
import { type Finding, type LockedArtifact, lockArtifact } from './lock-artifact.ts';
import type { LockPorts } from './lock-ports.ts';

/** A manifest completed as far as its sources allow. */
export interface LockResult {
  /** The new text; the very same string where nothing changes. */
  readonly text: string;
  readonly changes: readonly LockChange[];
  /** Errors: something required could not be locked, or values disagree. Warnings: worth knowing. */
  readonly problems: readonly Problem[];
}

/** What the parser made of the text. */
export interface ParsedText {
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
export async function lockManifest(parsed: ParsedText, ports: LockPorts): Promise<LockResult> {
  const { text, manifest } = parsed;
  const document = parseDocument(text);
  const began = ports.clock.now().getTime();
  const release = `${manifest.collection}@${manifest.version}`;
  ports.reporter.emit({ type: 'run-started', job: 'lock', release, artifacts: manifest.artifacts.length });
  const limit = pLimit(ports.concurrency);
  const locked = await limit.map(manifest.artifacts, (spec) => lockAndReport(spec, ports));

  const problems: Problem[] = [];
  const report = (index: number, finding: Finding) => problems.push(problemAt(parsed, document, index, finding));
  const wanted: ArtifactEdits[] = [];
  for (const [index, one] of locked.entries()) {
    for (const finding of one.findings) report(index, finding);
    if (one.fields.length === 0 && one.pins.length === 0) continue;
    const map = artifactMap(document, index);
    const edits = map === undefined ? undefined : artifactEdits(text, map, index, one);
    if (edits === undefined) report(index, notEditable(one));
    else wanted.push(edits);
  }
  const { text: completed, kept, rejected } = applyProven(text, document, wanted);
  for (const { index } of rejected) {
    const one = locked[index];
    if (one !== undefined) report(index, notEditable(one));
  }
  for (const { index, finding } of equalDigests(locked)) report(index, finding);

  const seconds = (ports.clock.now().getTime() - began) / 1000;
  ports.reporter.emit({ type: 'run-finished', release, state: 'done', seconds });
  return { text: completed, changes: kept.flatMap(({ changes }) => changes), problems };
}

async function lockAndReport(spec: Manifest['artifacts'][number], ports: LockPorts): Promise<LockedArtifact> {
  const { id, size } = spec;
  ports.reporter.emit({ type: 'artifact-started', id, bytes: size, source: spec.sources[0]?.uri });
  const locked = await lockArtifact(spec, ports);
  const error = locked.findings.find(({ severity }) => severity === 'error');
  const reason = error === undefined ? {} : { reason: error.message };
  const state = error === undefined ? 'valid' : 'failed';
  ports.reporter.emit({ type: 'artifact-finished', id, state, bytes: size ?? 0, ...reason });
  return locked;
}

function notEditable(locked: LockedArtifact): Finding {
  const values = [...locked.pins.map(({ uri }) => uri), ...locked.fields.map(({ key, value }) => `${key}: ${value}`)];
  return { severity: 'error', field: '', message: `cannot be edited in place; write by hand: ${values.join(', ')}` };
}

function problemAt(parsed: ParsedText, document: Document, index: number, finding: Finding): Problem {
  const { severity, message } = finding;
  const names = finding.field === 'sources' ? ['sources', 'source'] : [finding.field];
  const paths: (string | number)[][] = [...names.map((name) => ['artifacts', index, name]), ['artifacts', index]];
  const found = paths.map((path) => document.getIn(path, true)).find((node) => isNode(node));
  const before = parsed.text.slice(0, isNode(found) ? (found.range?.[0] ?? 0) : 0).split('\n');
  return {
    file: parsed.file,
    line: before.length,
    column: (before.at(-1)?.length ?? 0) + 1,
    field: `artifacts[${index}]${finding.field === '' ? '' : `.${finding.field}`}`,
    message: `${parsed.manifest.artifacts[index]?.id}: ${message}`,
    severity,
  };
}
