import type { AccessPolicy, Grant, Principal } from '../access-policy.ts';
import { defaultUrlLifetime, type PolicyDocument } from '../policy-document.ts';
import { lifetimeSeconds } from './lifetime.ts';

/** The model of a document without problems, defaults filled in. */
export function buildPolicy(document: PolicyDocument): AccessPolicy {
  return {
    issuers: mapped(document.issuers, ({ issuer, audience }) => ({
      issuer,
      audiences: typeof audience === 'string' ? [audience] : audience,
    })),
    principals: mapped(document.principals, buildPrincipal),
    grants: Object.entries(document.grants ?? {}).map(([name, grant]) => buildGrant(name, grant)),
  };
}

function mapped<From, To>(from: Record<string, From> | undefined, make: (one: From) => To): Record<string, To> {
  return Object.fromEntries(Object.entries(from ?? {}).map(([name, one]) => [name, make(one)]));
}

type PrincipalDocument = NonNullable<PolicyDocument['principals']>[string];
type GrantDocument = NonNullable<PolicyDocument['grants']>[string];

function buildPrincipal({ aws, oidc, tokens }: PrincipalDocument): Principal {
  if (aws !== undefined) return { kind: 'aws', arns: aws };
  if (oidc !== undefined) return { kind: 'oidc', issuer: oidc.issuer, claims: oidc.claims };
  return { kind: 'tokens', tokens: tokens ?? [] };
}

function buildGrant(name: string, grant: GrantDocument): Grant {
  const { to, collections, versions, tags, files, maximumLifetime } = grant;
  return {
    ...{ name, to, collections },
    versions: versions ?? null,
    prereleases: grant.prereleases ?? false,
    tags: tags ?? null,
    files: files ?? null,
    maximumLifetime:
      maximumLifetime === undefined ? defaultUrlLifetime : (lifetimeSeconds(maximumLifetime) ?? defaultUrlLifetime),
  };
}
