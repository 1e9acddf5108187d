import type { ImportFinding, ImportFindingKind } from '../../core/import/importer.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { withoutCredentials } from '../../core/sources/signed-url.ts';
import { plural } from '../plural.ts';

/** What one import did, as `--json` prints it. */
export interface ImportReport {
  readonly kind: string;
  /** False when no manifest could be written. */
  readonly ok: boolean;
  readonly manifests: readonly ImportedFile[];
  readonly figures: Readonly<Record<string, number>>;
  readonly findings: readonly ImportFinding[];
}

export interface ImportedFile {
  /** As messages name it. */
  readonly manifest: string;
  readonly collection: string;
  readonly version: string;
  readonly artifacts: number;
  readonly added: number;
  readonly filled: number;
  readonly changed: boolean;
}

/** Headings of the report, in the order of what to look at first. */
const headings: Readonly<Record<ImportFindingKind, string>> = {
  'not-taken': 'not taken over',
  conflict: 'contradictions in the input',
  placeholder: 'not filled in',
  'signed-url': 'credentials, left out',
  'absent-source': 'without a source',
  'missing-digest': 'without a digest',
  'missing-size': 'without a size',
  claim: 'claims, which prove nothing',
  suggestion: 'suggestions, for you to look at',
  kept: 'kept as in the manifest',
};

/** Names that are shown of a group; `--json` has all of them. */
const shownSubjects = 12;

/** Findings without credentials, fit to be printed, each said once. */
export function safeFindings(findings: readonly ImportFinding[]): ImportFinding[] {
  const seen = new Set<string>();
  return findings.flatMap(({ kind, subject, field, message }) => {
    const finding = {
      kind,
      subject: safe(subject, 200),
      ...(field === undefined ? {} : { field: safe(field, 120) }),
      message: safe(message, 400),
    };
    const key = JSON.stringify(finding);
    if (seen.has(key)) return [];
    seen.add(key);
    return [finding];
  });
}

/** Every finding for people: grouped by kind, then by what is said, with the names that it is said of. */
export function findingLines(findings: readonly ImportFinding[]): string[] {
  return Object.entries(headings).flatMap(([kind, heading]) => {
    const ofKind = findings.filter((finding) => finding.kind === kind);
    if (ofKind.length === 0) return [];
    return [`${kind} (${ofKind.length}): ${heading}`, ...groupLines(ofKind)];
  });
}

function groupLines(findings: readonly ImportFinding[]): string[] {
  const groups = new Map<string, string[]>();
  for (const { field, message, subject } of findings) {
    const said = field === undefined ? message : `${field}: ${message}`;
    const group = groups.get(said);
    if (group === undefined) groups.set(said, [subject]);
    else group.push(subject);
  }
  return [...groups].map(([said, subjects]) => {
    const rest = subjects.length - shownSubjects;
    const more = rest > 0 ? ` and ${rest} more (--json names all)` : '';
    return `  ${subjects.slice(0, shownSubjects).join(', ')}${more}: ${said}`;
  });
}

/** `m.yaml: 3 artifacts, 1 new` */
export function fileLine({ manifest, artifacts, added, filled, changed }: ImportedFile): string {
  const changes = [added > 0 ? `${added} new` : '', filled > 0 ? `${filled} filled in` : ''].filter(Boolean);
  if (!changed) changes.push('unchanged');
  return [`${manifest}: ${plural(artifacts, 'artifact')}`, ...changes].join(', ');
}

/** `models 31, needs 43` */
export function figuresLine(figures: ImportReport['figures']): string {
  return Object.entries(figures)
    .map(([name, count]) => `${name} ${count}`)
    .join(', ');
}

function safe(text: string, longest: number): string {
  const plain = escapeUnsafe(withoutCredentials(text.slice(0, 4 * longest)));
  return plain.length <= longest ? plain : `${plain.slice(0, longest - 1)}…`;
}
