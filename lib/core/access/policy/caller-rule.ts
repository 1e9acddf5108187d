import type { ClaimRule, Principal } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import { compilePattern, type TextPattern } from './text-pattern.ts';

/** Is this caller that principal? */
export type CallerRule = (caller: Caller) => boolean;

/** Prepares one principal of the policy. */
export function compilePrincipal(name: string, principal: Principal): CallerRule {
  switch (principal.kind) {
    case 'aws': {
      const rules = principal.arns.map(compileAws);
      return (caller) => rules.some((rule) => rule(caller));
    }
    case 'oidc': {
      const { issuer } = principal;
      const claims = Object.entries(principal.claims).map(([claim, rule]) => ({ claim, holds: compileClaim(rule) }));
      return (caller) =>
        caller.kind === 'oidc' &&
        caller.issuer === issuer &&
        claims.every(
          ({ claim, holds }) => Object.hasOwn(caller.claims, claim) && holds((caller.claims as JsonObject)[claim]),
        );
    }
    case 'tokens':
      return (caller) => caller.kind === 'token' && caller.principal === name;
  }
}

type JsonObject = Readonly<Record<string, unknown>>;

/**
 * An account is everybody whom it stands for. A role or user is known by its name alone: the gateway does not tell
 * the path of a role, so the one in the policy is left out on purpose.
 */
function compileAws(principal: string): CallerRule {
  if (!principal.startsWith('arn:')) return (caller) => caller.kind === 'aws' && caller.account === principal;
  const covers = compilePattern(withoutPath(principal));
  return (caller) => caller.kind === 'aws' && caller.arn !== undefined && covers(caller.arn);
}

/** `arn:P:iam::ACCOUNT:role/team/NAME` as `arn:P:iam::ACCOUNT:role/NAME`. */
export function withoutPath(arn: string): string {
  const first = arn.indexOf('/');
  return first < 0 ? arn : arn.slice(0, first) + arn.slice(arn.lastIndexOf('/'));
}

/** What a claim must be: of the same JSON type as the rule, a text that the pattern covers, or a list with such a text. */
export function compileClaim(rule: ClaimRule): (value: unknown) => boolean {
  if (typeof rule === 'number' || typeof rule === 'boolean') return (value) => value === rule;
  if (typeof rule === 'string') return textCovered(compilePattern(rule));
  const covered = textCovered(compilePattern(rule.contains));
  return (value) => Array.isArray(value) && value.every((one) => typeof one === 'string') && value.some(covered);
}

function textCovered(covers: TextPattern): (value: unknown) => boolean {
  return (value) => typeof value === 'string' && covers(value);
}
