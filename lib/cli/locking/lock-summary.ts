import type { Problem } from '../../core/errors.ts';
import type { LockChange } from '../../core/lock/artifact-edits.ts';
import { alignedRows } from '../aligned-rows.ts';

/** What became of one manifest: an entry of the JSON document. */
export interface LockedFile {
  /** As the user wrote it. */
  readonly manifest: string;
  readonly ok: boolean;
  /** Was it written, or with `--check`: would it be? */
  readonly changed: boolean;
  readonly changes: readonly LockChange[];
  readonly problems: readonly Problem[];
}

/** What `lock` did to one manifest, for people: a row for each artifact that changes, then one line on the file. */
export function lockSummary(file: LockedFile, check: boolean): string[] {
  const byArtifact = new Map<string, string[]>();
  for (const { artifact, field, to } of file.changes) {
    const name = field.replace(/^artifacts\[\d+\]\./, '');
    const words = wordsFor(name, to);
    byArtifact.set(artifact, [...(byArtifact.get(artifact) ?? []), words]);
  }
  const rows = [...byArtifact].map(([artifact, words]) => [`  ${artifact}`, words.join(', ')]);
  return [...alignedRows(rows), `${file.manifest}: ${outcome(file, byArtifact.size, check)}`];
}

function wordsFor(field: string, to: string): string {
  if (field.startsWith('source')) return `pinned to ${to}`;
  if (field === 'sha256') return `sha256 ${to.slice(0, 12)}…`;
  if (field === 'digestFrom') return to === 'computed' ? 'as first downloaded' : 'as published upstream';
  return `${field} ${to}`;
}

function outcome(file: LockedFile, artifacts: number, check: boolean): string {
  const errors = file.problems.filter(({ severity }) => severity === 'error').length;
  const failed = errors === 0 ? '' : `, ${plural(errors, 'error')}`;
  if (!file.changed) return errors === 0 ? 'nothing to change' : `nothing changed${failed}`;
  return `${plural(artifacts, 'artifact')} ${check ? 'would be completed' : 'completed'}${failed}`;
}

function plural(count: number, word: string): string {
  return `${count} ${word}${count === 1 ? '' : 's'}`;
}
