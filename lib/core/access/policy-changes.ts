import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { AccessPolicy, ClaimRule, Grant, Issuer, Principal } from './access-policy.ts';

const change = z.object({
  name: z.string(),
  /** What it said before, in one line; absent where it was not there. */
  before: z.string().optional(),
  /** What it says now; absent where it is gone. */
  after: z.string().optional(),
});
export type NamedChange = z.infer<typeof change>;

const changes = z.object({ added: z.array(change), removed: z.array(change), changed: z.array(change) });
export type NamedChanges = z.infer<typeof changes>;

/** What a policy says otherwise than the one before, by name: what whoever answers for it wants to read. */
export const policyChangesSchema = z.object({ grants: changes, principals: changes, issuers: changes });
export type PolicyChanges = z.infer<typeof policyChangesSchema>;

/** @param before undefined where there was none */
export function policyChanges(before: AccessPolicy | undefined, after: AccessPolicy): PolicyChanges {
  const grants = (policy: AccessPolicy | undefined) =>
    Object.fromEntries((policy?.grants ?? []).map((grant) => [grant.name, grant]));
  return {
    grants: compare(grants(before), grants(after), describeGrant),
    principals: compare(before?.principals ?? {}, after.principals, describePrincipal),
    issuers: compare(before?.issuers ?? {}, after.issuers, describeIssuer),
  };
}

function compare<T>(
  before: Readonly<Record<string, T>>,
  after: Readonly<Record<string, T>>,
  describe: (one: T) => string,
): NamedChanges {
  const was = new Map(Object.entries(before));
  const is = new Map(Object.entries(after));
  const found: NamedChanges = { added: [], removed: [], changed: [] };
  for (const [name, one] of is) {
    const old = was.get(name);
    if (old === undefined) found.added.push({ name, after: describe(one) });
    else if (!isDeepStrictEqual(old, one)) {
      found.changed.push({ name, before: describe(old), after: describe(one) });
    }
  }
  for (const [name, one] of was) if (!is.has(name)) found.removed.push({ name, before: describe(one) });
  return found;
}

/** `to partners: falcon-*; versions >=1.2 <3; files *.bin; URLs of 15 min at most` */
export function describeGrant(grant: Grant): string {
  const { to, collections, versions, prereleases, tags, files, maximumLifetime } = grant;
  const range = versions === null ? [] : [`versions ${versions}${prereleases ? ', prereleases too' : ''}`];
  return [
    `to ${to.join(', ')}: ${collections.join(', ')}`,
    ...(versions === null && tags === null ? ['every version'] : range),
    ...(tags === null ? [] : [`tags ${tags.join(', ')}`]),
    files === null ? 'every file' : `files ${files.join(', ')}`,
    `URLs of ${lifetime(maximumLifetime)} at most`,
  ].join('; ');
}

/** Of tokens the first digits of their digests, by which the file in Git is compared. */
export function describePrincipal(principal: Principal): string {
  switch (principal.kind) {
    case 'aws':
      return `AWS ${principal.arns.join(', ')}`;
    case 'oidc': {
      const claims = Object.entries(principal.claims).map(([name, rule]) => `${name} ${describeClaim(rule)}`);
      return `tokens of ${principal.issuer}${claims.length === 0 ? '' : ` with ${claims.join(', ')}`}`;
    }
    case 'tokens': {
      const { tokens } = principal;
      const each = tokens.map(({ sha256, expires }) => `${sha256.slice(0, 8)} until ${expires}`);
      return each.length === 0 ? 'no mirror token' : `mirror tokens ${each.join(', ')}`;
    }
  }
}

function describeIssuer({ issuer, audiences }: Issuer): string {
  return `${issuer} for ${audiences.join(', ')}`;
}

function describeClaim(rule: ClaimRule): string {
  return typeof rule === 'object' ? `containing ${rule.contains}` : `= ${rule}`;
}

function lifetime(seconds: number): string {
  return seconds % 60 === 0 ? `${seconds / 60} min` : `${seconds} s`;
}
