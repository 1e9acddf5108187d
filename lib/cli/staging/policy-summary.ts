import { type NamedChange, type PolicyChanges, policyChanges } from '../../core/access/policy-changes.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import type { PolicyReport } from '../../core/pipeline/policy-report.ts';
import { plural } from '../plural.ts';
import type { LoadedPolicy } from './load-submissions.ts';

/** What became of a submitted policy, for people: what it changes, then the verdict. */
export function policySummary({ state, policy, changes, notes }: PolicyReport): readonly string[] {
  const lines = changes === undefined ? [] : changeLines(changes).map((line) => `  ${line}`);
  lines.push(...notes.map((note) => `note: ${escapeUnsafe(note)}`));
  const what = policy === null ? '' : `: ${plural(policy.grants, 'grant')}, ${plural(policy.principals, 'principal')}`;
  switch (state) {
    case 'published':
      lines.push(
        `the access policy holds from now on${what}${lines.length === 0 ? '; nothing that it says is new' : ''}`,
      );
      break;
    case 'present':
      lines.push(`the access policy holds already${what}`);
      break;
    default:
      lines.push('the access policy was NOT taken: what held before still does');
  }
  return lines;
}

/** One line for each that differs: `+ grant partners: …`, `- …`, `~ grant partners: … (before: …)`. */
export function changeLines(changes: PolicyChanges): string[] {
  const kinds = [
    ['grant', changes.grants],
    ['principal', changes.principals],
    ['issuer', changes.issuers],
  ] as const;
  return kinds.flatMap(([kind, { added, removed, changed }]) => [
    ...added.map((one) => changeLine('+', kind, one)),
    ...removed.map((one) => changeLine('-', kind, one)),
    ...changed.map((one) => changeLine('~', kind, one)),
  ]);
}

function changeLine(mark: string, kind: string, { name, before, after }: NamedChange): string {
  const was = before === undefined || after === undefined ? '' : ` (before: ${escapeUnsafe(before)})`;
  return `${mark} ${kind} ${name}: ${escapeUnsafe(after ?? before ?? '')}${was}`;
}

/** A policy that was read and found valid, as `plan` tells of it: what holds now is for the pipeline to know. */
export interface PolicyPlan {
  readonly kind: 'policy';
  /** As the user wrote it. */
  readonly file: string;
  /** Lowercase hex. */
  readonly sha256: string;
  readonly grants: number;
  readonly principals: number;
  /** Against a policy that grants nothing. */
  readonly changes: PolicyChanges;
}

export function policyPlan({ file, sha256, policy }: LoadedPolicy): PolicyPlan {
  return {
    kind: 'policy',
    file,
    sha256: sha256.hex,
    grants: policy.grants.length,
    principals: Object.keys(policy.principals).length,
    changes: policyChanges(undefined, policy),
  };
}

/** All that it says, for people. */
export function policyPlanSummary({ file, grants, principals, changes }: PolicyPlan): readonly string[] {
  return [
    ...changeLines(changes).map((line) => `  ${line.slice(2)}`),
    `${file} is a valid access policy: ${plural(grants, 'grant')}, ${plural(principals, 'principal')}; the run that publishes it says what it changes`,
  ];
}
