import type { Submission } from '../../contract/cloud/submission.ts';
import type { AccessPolicy } from '../access/access-policy.ts';
import { parsePolicy } from '../access/policy/parse-policy.ts';
import { readAccessPolicy } from '../access/policy/read-access-policy.ts';
import { Sha256 } from '../digest/sha256.ts';
import type { PipelinePorts } from './pipeline-ports.ts';

/** What a submission of an access policy says, parsed. */
export interface SubmittedPolicy {
  readonly policy: AccessPolicy;
  /** Of the file in Git. */
  readonly sha256: Sha256;
  /** What is not wrong but should be known, one line each. */
  readonly warnings: readonly string[];
}

/** @throws InvalidFile with every problem of the policy. */
export function parseSubmittedPolicy(
  { file, content }: Submission,
  { configuration, clock }: Pick<PipelinePorts, 'configuration' | 'clock'>,
): SubmittedPolicy {
  const bytes = Buffer.from(content, 'base64');
  const { placeholders, access } = configuration;
  const { policy, problems } = parsePolicy(bytes, {
    file,
    configuration: { placeholders, consumerAccounts: access?.consumerAccounts ?? [] },
    now: clock.now(),
  });
  const warnings = problems.map(({ line, field, message }) => `${file}:${line}: ${field}: ${message}`);
  // As the access API will read it: what that refuses would shut everybody out.
  readAccessPolicy(policy);
  return { policy, sha256: Sha256.ofBytes(bytes), warnings };
}
