import type { FieldPath } from '../../manifest/field-path.ts';
import { type LooseFields, looseFields, textOf } from '../../manifest/manifest-document.ts';
import type { Finding } from '../../manifest/problem-list.ts';
import { type LoosePolicy, type PolicyCheck, warning } from './check-options.ts';
import { identityProblem, identityTrap } from './identity-rules.ts';
import { type SharedIssuer, sharedIssuer } from './shared-issuers.ts';
import { coversEverything, patternProblem, textProblem } from './text-problem.ts';

/** What is wrong with a principal that shows tokens of an identity provider, beyond its shape. */
export function oidcFindings(value: unknown, path: FieldPath, policy: LoosePolicy, check: PolicyCheck): Finding[] {
  const findings: Finding[] = [];
  const { issuer, claims } = looseFields(value);
  const name = textOf(issuer);
  if (name !== undefined && !Object.hasOwn(policy.issuers, name)) {
    findings.push({ path: [...path, 'issuer'], message: 'no issuer of this name stands under `issuers`' });
  }
  if (typeof claims !== 'object' || claims === null || Array.isArray(claims)) return findings;
  const described = name === undefined ? undefined : looseFields(ownValue(policy.issuers, name)).issuer;
  const shared = sharedIssuer(textOf(described));
  const rules = looseFields(claims);
  const here = [...path, 'claims'];
  for (const [claim, rule] of Object.entries(rules)) {
    findings.push(...claimFindings(claim, rule, [...here, claim], { shared, check }));
  }
  const wellFormed = Object.values(rules).every(isRule);
  if (wellFormed && findings.every(({ severity }) => severity === 'warning')) {
    findings.push(...somebody(rules, here, shared));
  }
  return findings;
}

function isRule(rule: unknown): boolean {
  if (typeof rule === 'object') return typeof looseFields(rule).contains === 'string';
  return rule !== '';
}

function ownValue(fields: LooseFields, name: string): unknown {
  return Object.hasOwn(fields, name) ? fields[name] : undefined;
}

interface ClaimCheck {
  readonly shared: SharedIssuer | undefined;
  readonly check: PolicyCheck;
}

function claimFindings(claim: string, rule: unknown, path: FieldPath, { shared, check }: ClaimCheck): Finding[] {
  const hidden = textProblem(claim, check.placeholders);
  if (hidden !== undefined) return [{ path, at: 'key', message: `the name of the claim ${hidden}` }];
  if (typeof rule === 'number' || typeof rule === 'boolean') return wrongTypeFindings(path, shared);
  const inList = typeof rule === 'object';
  const pattern = inList ? textOf(looseFields(rule).contains) : textOf(rule);
  if (pattern === undefined || pattern === '') return [];
  const at = inList ? [...path, 'contains'] : path;
  const problem = patternProblem(pattern, check.placeholders);
  if (problem !== undefined) return [{ path: at, message: problem }];
  if (inList) return [];
  const trap = identityTrap(claim, pattern);
  if (trap !== undefined) return [{ path: at, message: trap }];
  const never = neverMatches(claim, pattern, shared);
  return never === undefined ? [] : [warning(at, never)];
}

function wrongTypeFindings(path: FieldPath, shared: SharedIssuer | undefined): Finding[] {
  if (shared?.textOnly !== true) return [];
  const message = (written: string) =>
    `can never match: tokens of ${shared.title} have text here; quote it: "${written}"`;
  return [{ path, message, severity: 'warning' }];
}

/** Subjects of GitHub go on behind the repository: with a branch, a tag, an environment or `pull_request`. */
function neverMatches(claim: string, pattern: string, shared: SharedIssuer | undefined): string | undefined {
  if (claim !== 'sub' || shared?.title !== 'GitHub Actions') return undefined;
  const [, repository, rest] = /^(repo:[^:*]+\/[^:*]+)(.*)$/su.exec(pattern) ?? [];
  if (repository === undefined) return undefined;
  if (rest === '') return `can never match: a subject goes on behind the repository; write ${repository}:**`;
  if (rest === ':*') {
    return `* ends at ":" and "/", so this covers ${repository}:pull_request and no branch; write ${repository}:**`;
  }
  return undefined;
}

/** A principal must be somebody: what everybody's token says identifies nobody. */
function somebody(rules: LooseFields, path: FieldPath, shared: SharedIssuer | undefined): Finding[] {
  const entries = Object.entries(rules);
  if (entries.length === 0) {
    return [{ path, at: 'key', message: 'without a claim every token of the issuer would do; write whose it must be' }];
  }
  if (shared === undefined) {
    const all = entries.every(([, rule]) => typeof rule === 'string' && coversEverything(rule));
    return all ? [warning(path, 'covers whoever gets a token of this issuer', 'key')] : [];
  }
  const problems = entries.map(([claim, rule]) => identityProblem(claim, rule, shared));
  if (problems.includes(undefined)) return [];
  const own = problems.find((problem) => problem !== '');
  const known = ['sub', ...shared.identifying].join(', ');
  const message =
    `anybody gets tokens of ${shared.title}, and nothing here says whose this must be: ` +
    `${own ?? `write one of ${known}`}, such as \`${shared.example}\``;
  return [{ path, at: 'key', message }];
}
