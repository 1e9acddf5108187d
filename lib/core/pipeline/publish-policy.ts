import { type CurrentPolicy, currentPolicySchema } from '../../contract/cloud/current-policy.ts';
import { type AttemptPlace, policyKey } from '../../contract/cloud/state-keys.ts';
import { type Submission, submissionLimit, submissionSchema } from '../../contract/cloud/submission.ts';
import type { AccessPolicy } from '../access/access-policy.ts';
import { readAccessPolicy } from '../access/policy/read-access-policy.ts';
import { policyChanges } from '../access/policy-changes.ts';
import { InvalidFile } from '../errors.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { type PolicyResult, policyName, policyOver, policyResultSchema, submissionName } from './attempt-documents.ts';
import type { AttemptRecords } from './attempt-records.ts';
import { checkPolicyPublisher, checkRun } from './check-submission.ts';
import { Superseded } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { checkAttemptTime } from './release-place.ts';
import { parseSubmittedPolicy, type SubmittedPolicy } from './submitted-policy.ts';

/** Swaps that others may win before it counts as a fault. */
const rounds = 20;

/** One submission of an access policy. */
export interface PolicyAttempt {
  readonly submission: Submission;
  readonly place: AttemptPlace;
  readonly records: AttemptRecords;
}

/**
 * Makes a submitted policy the one that holds. Of several the last submitted wins, in whatever order their executions
 * start. Called again, also after a call that was killed behind its swap, it comes to the same.
 * @throws Refused for a publisher that may not, InvalidFile with every problem of the policy, Superseded when a later
 * one holds: then nothing has changed. StoreError, NotAuthorised.
 */
export async function publishPolicy(attempt: PolicyAttempt, ports: PipelinePorts): Promise<PolicyResult> {
  const { submission, place, records } = attempt;
  checkPolicyPublisher(place, ports.configuration);
  checkAttemptTime(place.attempt, ports.clock.now());
  const submitted = parseSubmittedPolicy(submission, ports);
  checkRun(submitted.sha256, { url: `s3://${ports.stateBucket}` }, place, 'policy');
  await records.createOnce(submissionName, submission, submissionSchema);
  const known = await records.read(policyName, policyResultSchema);
  if (known !== undefined) return known;
  return await records.createOnce(policyName, await swapIn(attempt, submitted, ports), policyResultSchema);
}

/**
 * What came of an attempt whose policy holds now, though nobody lived to say so.
 * @returns undefined when another one holds.
 */
export async function heldPolicy(
  { attempt }: AttemptPlace,
  records: AttemptRecords,
  state: Store,
): Promise<PolicyResult | undefined> {
  const current = (await readCurrent(state))?.current;
  if (current?.attempt !== attempt) return undefined;
  return await records.read(policyOver(current.replaces), policyResultSchema);
}

async function swapIn(
  { submission, place, records }: PolicyAttempt,
  submitted: SubmittedPolicy,
  { state, clock }: PipelinePorts,
): Promise<PolicyResult> {
  for (let round = 0; round < rounds; round += 1) {
    const found = await readCurrent(state);
    const before = found?.current;
    if (before !== undefined && before.attempt >= place.attempt) {
      const own = before.attempt === place.attempt && before.sha256 === submitted.sha256.hex;
      const result = own ? await records.read(policyOver(before.replaces), policyResultSchema) : undefined;
      if (result !== undefined) return result;
      throw new Superseded('a later submission of the access policy took the place of this one', {
        hint: `It is attempt ${before.attempt}.`,
      });
    }
    const result = await records.createOnce(
      policyOver(before?.attempt),
      resultOf(submitted, before),
      policyResultSchema,
    );
    // One with the same bytes is replaced too: whoever submitted it later wants it to hold against what came between.
    const condition = found === undefined ? ({ ifAbsent: true } as const) : { ifMatch: found.etag };
    const bytes = Buffer.from(JSON.stringify(documentOf(submission, place, submitted, before)));
    const attributes = { contentType: 'application/json', cacheControl: 'no-store' };
    if ((await state.put(policyKey, bytes, condition, attributes)).outcome === 'created') return result;
    await clock.sleep(Math.random() * 0.1 * 2 ** Math.min(round, 6));
  }
  throw new StoreError(`${policyKey} changes faster than it can be written`, { retryable: true });
}

function resultOf({ policy, sha256, warnings }: SubmittedPolicy, before: CurrentPolicy | undefined): PolicyResult {
  const held = before && readHeld(before);
  const unread = before !== undefined && held === undefined;
  return {
    format: 1,
    state: before?.sha256 === sha256.hex ? 'present' : 'published',
    sha256: sha256.hex,
    grants: policy.grants.length,
    principals: Object.keys(policy.principals).length,
    changes: policyChanges(held, policy),
    notes: unread
      ? [...warnings, 'this version cannot read the policy before, so that everything counts as new']
      : [...warnings],
  };
}

/** An old policy that no longer passes must not keep a new one away. */
function readHeld({ policy }: CurrentPolicy): AccessPolicy | undefined {
  try {
    return readAccessPolicy(policy);
  } catch (error) {
    if (error instanceof InvalidFile) return undefined;
    throw error;
  }
}

function documentOf(
  { submittedAt, commit, repository }: Submission,
  { attempt, publisher }: AttemptPlace,
  { policy, sha256 }: SubmittedPolicy,
  before: CurrentPolicy | undefined,
): CurrentPolicy {
  return {
    format: 1,
    attempt,
    publisher,
    submittedAt,
    ...(commit === undefined ? {} : { commit }),
    ...(repository === undefined ? {} : { repository }),
    ...(before === undefined ? {} : { replaces: before.attempt }),
    sha256: sha256.hex,
    policy,
  };
}

async function readCurrent(
  state: Store,
): Promise<{ readonly current: CurrentPolicy; readonly etag: string } | undefined> {
  const found = await state.get(policyKey, submissionLimit);
  if (found === undefined) return undefined;
  const current = currentPolicySchema.safeParse(parse(found.bytes)).data;
  if (current !== undefined) return { current, etag: found.stat.etag };
  // A newer program may have written it: to replace it could bring back what that one took away.
  throw new StoreError(`${policyKey} of the state bucket is nothing that this version can read`, {
    hint: 'Deploy the version that wrote it; if the object is damaged, restore its version before, then submit again.',
  });
}

function parse(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString());
  } catch {
    return undefined;
  }
}
