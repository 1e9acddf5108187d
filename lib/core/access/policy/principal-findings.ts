import { looseFields, looseList } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { awsFindings } from './aws-findings.ts';
import { type LoosePolicy, type PolicyCheck, warning } from './check-options.ts';
import { oidcFindings } from './claim-findings.ts';
import { tokenFindings } from './token-findings.ts';

/** What is wrong with the principals, beyond their shape. */
export function principalFindings(policy: LoosePolicy, check: PolicyCheck): Finding[] {
  const granted = new Set(Object.values(policy.grants).flatMap((grant) => looseList(looseFields(grant).to)));
  const seen = new Map<string, string>();
  return Object.entries(policy.principals).flatMap(([name, value]) => {
    const path = ['principals', name];
    const { aws, oidc, tokens } = looseFields(value);
    const findings = [
      ...awsFindings(aws, [...path, 'aws'], check),
      ...(oidc === undefined ? [] : oidcFindings(oidc, [...path, 'oidc'], policy, check)),
      ...tokenFindings(tokens, [...path, 'tokens'], name, { check, seen }),
    ];
    if (!granted.has(name)) findings.push(warning(path, 'no grant names this principal: it may read nothing', 'key'));
    return findings;
  });
}
