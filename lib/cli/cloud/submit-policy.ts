import { ulid } from 'ulid';
import { accessApiOf } from '../../contract/cloud/cloud-configuration.ts';
import { parsePolicy } from '../../core/access/policy/parse-policy.ts';
import { runId } from '../../core/stage/run-progress.ts';
import { checkPolicySubmission } from '../../core/submit/check-submission.ts';
import type { CommandContext } from '../command-context.ts';
import type { LoadedPolicy } from '../staging/load-submissions.ts';
import { bucketUrl } from './cloud-place.ts';
import type { FileOrigin } from './file-origin.ts';
import { type Submitting, sendSubmission } from './send-submission.ts';
import type { AwaitedRun } from './wait-for-runs.ts';

/** A policy that passed every check that can be made here. */
export interface CheckedPolicy {
  readonly loaded: LoadedPolicy;
  readonly origin: FileOrigin;
}

/** @throws Refused for a publisher that may not, InvalidFile for what this deployment cannot heed. */
export function checkPolicy(context: CommandContext, { loaded, origin }: CheckedPolicy, submitting: Submitting): void {
  const { publisher, place } = submitting;
  checkPolicySubmission(publisher);
  const { placeholders, cloud } = place.deployment;
  const { consumerAccounts = [] } = accessApiOf(cloud) ?? {};
  parsePolicy(loaded.bytes, { file: loaded.file, configuration: { placeholders, consumerAccounts } });
  for (const note of loaded.warnings) context.say(`note: ${note}`);
  if (origin.changed) context.say(`note: ${loaded.file} differs from what is committed, so that no commit is recorded`);
}

/** Sends the access policy, which starts the run that makes it hold. */
export async function submitPolicy(
  context: CommandContext,
  { loaded: { file, sha256 }, origin }: CheckedPolicy,
  submitting: Submitting,
): Promise<AwaitedRun> {
  const { place, publisher } = submitting;
  const run = runId(sha256, bucketUrl(place, 'state'));
  const attempt = { publisher: publisher.name, run, attempt: ulid() };
  return await sendSubmission(
    context,
    { kind: 'policy', file, sha256, origin, attempt, release: 'access policy' },
    submitting,
  );
}
