import type { AccessPolicy } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import type { Decision, Wanted } from '../decision.ts';
import { type CompiledGrant, compilePolicy, type GrantReach, reachOf } from './compile-policy.ts';

/**
 * May this caller read that? No, unless a grant says so. Of several grants the one with the longest life of URLs is
 * named, and of equal ones the first. Asks nobody and keeps no state.
 */
export function decide(policy: AccessPolicy, caller: Caller, wanted: Wanted): Decision {
  return decideAmong(grantsFor(policy, caller), wanted);
}

/** May this caller know that there is such a collection? What is asked before `latest` is looked up. */
export function collectionMayBeSeen(policy: AccessPolicy, caller: Caller, collection: string): boolean {
  return grantsFor(policy, caller).some((grant) => grant.coversCollection(collection));
}

/** Names of the principals that the caller is, in the order of the policy. */
export function principalsOf(policy: AccessPolicy, caller: Caller): string[] {
  return compilePolicy(policy).principals.flatMap(({ name, is }) => (is(caller) ? [name] : []));
}

function grantsFor(policy: AccessPolicy, caller: Caller): readonly CompiledGrant[] {
  const { grants, byCaller } = compilePolicy(policy);
  const known = byCaller.get(caller);
  if (known !== undefined) return known;
  const principals = new Set(principalsOf(policy, caller));
  const own = grants.filter(({ grant }) => grant.to.some((name) => principals.has(name)));
  byCaller.set(caller, own);
  return own;
}

/** What these grants, all of them the caller's, say. */
export function decideAmong(grants: readonly CompiledGrant[], wanted: Wanted): Decision {
  let best: CompiledGrant | undefined;
  let furthest: GrantReach | undefined;
  for (const grant of grants) {
    const reach = reachOf(grant, wanted);
    if (reach !== 'all') {
      if (furthest === undefined || depth[reach] > depth[furthest]) furthest = reach;
    } else if (best === undefined || grant.grant.maximumLifetime > best.grant.maximumLifetime) best = grant;
  }
  if (best !== undefined) {
    return { allowed: true, grant: best.grant.name, maximumLifetime: best.grant.maximumLifetime };
  }
  return {
    allowed: false,
    reason: furthest === undefined ? 'no grant for this caller' : `no grant for this ${furthest}`,
  };
}

const depth: Readonly<Record<GrantReach, number>> = { collection: 0, version: 1, file: 2, all: 3 };
