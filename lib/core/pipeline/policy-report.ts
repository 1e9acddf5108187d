import { z } from 'zod';
import { policyChangesSchema } from '../access/policy-changes.ts';
import type { StageReport } from '../stage/report.ts';
import type { KnownAttempt } from './known-attempt.ts';
import { pipelineDied, type RunFault } from './make-report.ts';

const fields = {
  ok: z.boolean(),
  run: z.string(),
  attempt: z.string(),
  kind: z.literal('policy'),
  /** `present`: the same bytes held already. Only with these two does it hold. */
  state: z.enum(['published', 'present', 'failed', 'refused', 'superseded']),
  /** Null where it did not come to hold. */
  policy: z.object({ sha256: z.string(), grants: z.number(), principals: z.number() }).nullable(),
  /** Against the policy before. */
  changes: policyChangesSchema.optional(),
  notes: z.array(z.string()),
  startedAt: z.string(),
  finishedAt: z.string(),
  publisher: z.string(),
  commit: z.string().optional(),
  repository: z.string().optional(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
};

/** `PolicyReport`, as handlers wrote it; what a later version adds is kept. */
export const policyReportSchema = z.looseObject(fields);
const known = z.object(fields);

/** What became of a submitted access policy: `report.json` of its attempt, and the JSON of `--json`. */
export type PolicyReport = z.infer<typeof known>;

/** What a run in the cloud reports. */
export type RunReport = StageReport | PolicyReport;

export function isPolicyReport(report: RunReport): report is PolicyReport {
  return 'kind' in report && report.kind === 'policy';
}

/** The report of an attempt at a policy, from whatever is known of it. */
export function makePolicyReport(known: KnownAttempt, fault: RunFault | undefined, now: Date): PolicyReport {
  const { place, taken, submission, policy, outcome } = known;
  const state = policy?.state ?? outcome?.state ?? 'failed';
  const error = policy === undefined ? (outcome?.error ?? fault ?? ended) : undefined;
  return {
    ok: policy !== undefined,
    run: place.run,
    attempt: place.attempt,
    kind: 'policy',
    state,
    policy:
      policy === undefined ? null : { sha256: policy.sha256, grants: policy.grants, principals: policy.principals },
    ...(policy === undefined ? {} : { changes: policy.changes }),
    notes: policy?.notes ?? [],
    startedAt: taken?.takenAt ?? now.toISOString(),
    finishedAt: now.toISOString(),
    publisher: place.publisher,
    ...(submission?.commit === undefined ? {} : { commit: submission.commit }),
    ...(submission?.repository === undefined ? {} : { repository: submission.repository }),
    ...(error === undefined ? {} : { error }),
  };
}

const ended: RunFault = { code: pipelineDied, message: 'the run ended before the policy was published' };
