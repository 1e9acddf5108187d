import type { ClaimRule, Principal } from '../access-policy.ts';
import { compileClaim } from './caller-rule.ts';
import type { ExplainedAs } from './explain.ts';

/** Why a caller is not this principal, as the end of a sentence. Shows rules of the policy and values of the caller. */
export function notThisPrincipal(name: string, principal: Principal, as: ExplainedAs): string {
  if (as.kind === 'principal') return 'another principal';
  switch (principal.kind) {
    case 'tokens':
      return as.kind === 'token' ? `the token is that of ${as.principal}` : 'is known by a mirror token';
    case 'aws': {
      if (as.kind !== 'aws') return 'signs with AWS';
      const known =
        as.arn === undefined ? `only the account ${as.account} is known of the caller` : 'none of them is it';
      return `is ${principal.arns.join(', ')}; ${known}`;
    }
    case 'oidc':
      if (as.kind !== 'oidc') return `shows a token of ${principal.issuer}`;
      if (as.issuer !== principal.issuer) return `shows a token of ${principal.issuer}, not of ${as.issuer}`;
      return claimReasons(principal.claims, as.claims).join('; ') || `is not ${name}`;
  }
}

function claimReasons(
  rules: Readonly<Record<string, ClaimRule>>,
  claims: Readonly<Record<string, unknown>>,
): readonly string[] {
  return Object.entries(rules).flatMap(([claim, rule]) => {
    const there = Object.hasOwn(claims, claim);
    if (there && compileClaim(rule)(claims[claim])) return [];
    const found = there ? JSON.stringify(claims[claim]) : 'not there';
    return [`${claim} must be ${JSON.stringify(rule)} and is ${found}`];
  });
}
