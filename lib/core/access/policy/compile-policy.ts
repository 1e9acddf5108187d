import type { AccessPolicy, Grant } from '../access-policy.ts';
import type { Caller } from '../caller.ts';
import type { Wanted } from '../decision.ts';
import { type CallerRule, compilePrincipal } from './caller-rule.ts';
import { compilePattern } from './text-pattern.ts';
import { compileVersions } from './version-rule.ts';

/** A grant made ready to be asked thousands of times a second. */
export interface CompiledGrant {
  readonly grant: Grant;
  coversCollection(collection: string): boolean;
  coversVersion(version: string): boolean;
  coversFile(file: string): boolean;
}

/** How far a grant goes with what is wanted. */
export type GrantReach = 'collection' | 'version' | 'file' | 'all';

export interface CompiledPolicy {
  /** In the order of the policy. */
  readonly principals: readonly { readonly name: string; readonly is: CallerRule }[];
  readonly grants: readonly CompiledGrant[];
  /** Kept per caller: one request may ask for a thousand files. */
  readonly byCaller: WeakMap<Caller, readonly CompiledGrant[]>;
}

const compiled = new WeakMap<AccessPolicy, CompiledPolicy>();

/**
 * Prepares a policy, once for each object: a policy is not changed, it is replaced.
 * @throws TypeError when a range of versions in it is none, which no policy has that was read by this program.
 */
export function compilePolicy(policy: AccessPolicy): CompiledPolicy {
  const known = compiled.get(policy);
  if (known !== undefined) return known;
  const made: CompiledPolicy = {
    principals: Object.entries(policy.principals).map(([name, one]) => ({ name, is: compilePrincipal(name, one) })),
    grants: policy.grants.map(compileGrant),
    byCaller: new WeakMap(),
  };
  compiled.set(policy, made);
  return made;
}

function compileGrant(grant: Grant): CompiledGrant {
  return {
    grant,
    coversCollection: anyOf(grant.collections),
    coversVersion: compileVersions(grant),
    coversFile: grant.files === null ? () => true : anyOf(grant.files),
  };
}

function anyOf(patterns: readonly string[]): (text: string) => boolean {
  const compiledPatterns = patterns.map(compilePattern);
  return (text) => compiledPatterns.some((covers) => covers(text));
}

/** The first thing of what is wanted that the grant does not cover; `all` when it covers everything. */
export function reachOf(grant: CompiledGrant, wanted: Wanted): GrantReach {
  if (!grant.coversCollection(wanted.collection)) return 'collection';
  if (!grant.coversVersion(wanted.version)) return 'version';
  return wanted.file === undefined || grant.coversFile(wanted.file) ? 'all' : 'file';
}
