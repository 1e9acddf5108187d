import type { AccessPolicy, Grant, Principal } from '../../../../lib/core/access/access-policy.ts';
import type { Caller } from '../../../../lib/core/access/caller.ts';
import type { Wanted } from '../../../../lib/core/access/decision.ts';

/**
 * The rules of the policy once more, written down as they are explained and without regard to time: what `decide`
 * is compared with. Shares no code with it.
 */
export function naiveDecide(policy: AccessPolicy, caller: Caller, wanted: Wanted): string | null {
  let best: Grant | null = null;
  for (const grant of policy.grants) {
    if (!grant.to.some((name) => isPrincipal(name, policy, caller))) continue;
    if (!grant.collections.some((pattern) => naiveCovers(pattern, wanted.collection))) continue;
    if (!versionCovered(grant, wanted.version)) continue;
    const { file } = wanted;
    if (file !== undefined && grant.files !== null && !grant.files.some((pattern) => naiveCovers(pattern, file)))
      continue;
    if (best === null || grant.maximumLifetime > best.maximumLifetime) best = grant;
  }
  return best === null ? null : `${best.name} ${best.maximumLifetime}`;
}

/** Tries every way in which the stars could stand for something. */
export function naiveCovers(pattern: string, text: string): boolean {
  const [first] = pattern;
  if (first === undefined) return text === '';
  if (first !== '*')
    return text.startsWith(first) && naiveCovers(pattern.slice(first.length), text.slice(first.length));
  const stars = /^\*+/.exec(pattern)?.[0] ?? '';
  for (let length = 0; length <= text.length; length += 1) {
    const part = text.slice(0, length);
    if (stars.length === 1 && (part.includes('/') || part.includes(':'))) return false;
    if (naiveCovers(pattern.slice(stars.length), text.slice(length))) return true;
  }
  return false;
}

function isPrincipal(name: string, policy: AccessPolicy, caller: Caller): boolean {
  const entry = Object.entries(policy.principals).find(([key]) => key === name);
  if (entry === undefined) return false;
  const principal: Principal = entry[1];
  if (principal.kind === 'tokens') return caller.kind === 'token' && caller.principal === name;
  if (principal.kind === 'aws') return caller.kind === 'aws' && principal.arns.some((arn) => isAws(arn, caller));
  if (caller.kind !== 'oidc' || caller.issuer !== principal.issuer) return false;
  const claims = new Map(Object.entries(caller.claims));
  return Object.entries(principal.claims).every(([claim, rule]) => {
    const value = claims.get(claim);
    if (typeof rule === 'string') return typeof value === 'string' && naiveCovers(rule, value);
    if (typeof rule !== 'object') return typeof value === typeof rule && value === rule;
    if (!Array.isArray(value) || value.some((one) => typeof one !== 'string')) return false;
    return value.filter((one) => naiveCovers(rule.contains, one)).length > 0;
  });
}

function isAws(arn: string, caller: Extract<Caller, { kind: 'aws' }>): boolean {
  if (/^\d+$/.test(arn)) return arn === caller.account;
  const parts = arn.split('/');
  const plain = `${parts[0]}/${parts[parts.length - 1]}`;
  return caller.arn !== undefined && naiveCovers(plain, caller.arn);
}

/** Knows ranges of the form `>=A <B`, which is all that the test makes. */
function versionCovered({ versions, prereleases, tags }: Grant, version: string): boolean {
  if (versions === null && tags === null) return true;
  const parsed = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-rc\.(\d+))?$/.exec(version);
  if (parsed === null) return (tags ?? []).some((tag) => naiveCovers(tag, version));
  if (versions === null) return false;
  const [low = '', high = ''] = versions.replace('>=', '').replace('<', '').split(' ');
  if (parsed[4] !== undefined && !prereleases) return false;
  return rank(version) >= rank(low) && rank(version) < rank(high);
}

/** A prerelease is just before its release. */
function rank(version: string): number {
  const [numbers = '', candidate] = version.split('-rc.');
  const [major, minor, patch] = numbers.split('.').map(Number);
  const whole = ((major ?? 0) * 100 + (minor ?? 0)) * 100 + (patch ?? 0);
  return candidate === undefined ? whole : whole - 0.5 + Number(candidate) / 1000;
}
