import semver from 'semver';
import * as z from 'zod';
import { fieldIssues } from '../../../contract/field-issues.ts';
import { InvalidFile } from '../../errors.ts';
import type { AccessPolicy, TokenDigest } from '../access-policy.ts';
import { longestUrlLifetime, policyName } from '../policy-document.ts';

const name = z.string().regex(policyName);
const pattern = z.string().min(1).max(512);

const issuer = z.strictObject({
  issuer: z.url({ protocol: /^https?$/u }),
  audiences: z.array(z.string().min(1)).min(1),
});

const token = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/u), expires: z.iso.date() });

const principal = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('aws'), arns: z.array(pattern).min(1) }),
  z.strictObject({
    kind: z.literal('oidc'),
    issuer: name,
    claims: z
      .record(z.string().min(1), z.union([pattern, z.number(), z.boolean(), z.strictObject({ contains: pattern })]))
      .refine((claims) => Object.keys(claims).length > 0, 'at least one claim'),
  }),
  z.strictObject({ kind: z.literal('tokens'), tokens: z.array(token) }),
]);

const grant = z.strictObject({
  name,
  to: z.array(name).min(1),
  collections: z.array(pattern).min(1),
  versions: z
    .string()
    .refine((text) => semver.validRange(text) !== null, 'not a range of versions')
    .nullable(),
  prereleases: z.boolean(),
  tags: z.array(pattern).min(1).nullable(),
  files: z.array(pattern).min(1).nullable(),
  maximumLifetime: z.int().min(1).max(longestUrlLifetime),
});

const accessPolicySchema = z.strictObject({
  issuers: z.record(name, issuer),
  principals: z.record(name, principal),
  grants: z.array(grant),
});

/**
 * Checks the policy as the cloud keeps it (`policy/current.json`), before anything is decided by it. That it was made
 * by `parsePolicy` is not taken for granted.
 * @throws InvalidFile
 */
export function readAccessPolicy(value: unknown): AccessPolicy {
  const parsed = accessPolicySchema.safeParse(value);
  if (!parsed.success) throw invalid(parsed.error.issues.flatMap(fieldIssues));
  const policy = parsed.data;
  const dangling = danglingNames(policy);
  if (dangling.length > 0) throw invalid(dangling);
  return policy;
}

interface Issue {
  readonly path: readonly (string | number)[];
  readonly message: string;
}

function danglingNames(policy: AccessPolicy): Issue[] {
  const issues: Issue[] = [];
  const digests = new Set<string>();
  for (const [principalName, one] of Object.entries(policy.principals)) {
    if (one.kind === 'oidc' && !Object.hasOwn(policy.issuers, one.issuer)) {
      issues.push({ path: ['principals', principalName, 'issuer'], message: 'no such issuer' });
    }
    for (const { sha256 } of one.kind === 'tokens' ? one.tokens : noTokens) {
      if (digests.has(sha256)) issues.push({ path: ['principals', principalName], message: 'a digest stands twice' });
      digests.add(sha256);
    }
  }
  const grants = new Set<string>();
  for (const [index, one] of policy.grants.entries()) {
    if (grants.has(one.name)) issues.push({ path: ['grants', index, 'name'], message: 'this name stands twice' });
    grants.add(one.name);
    for (const [at, to] of one.to.entries()) {
      if (Object.hasOwn(policy.principals, to)) continue;
      issues.push({ path: ['grants', index, 'to', at], message: 'no such principal' });
    }
  }
  return issues;
}

const noTokens: readonly TokenDigest[] = [];

function invalid(issues: readonly Issue[]): InvalidFile {
  const file = 'access policy';
  const problems = issues.map(({ path, message }) => ({
    ...{ file, line: 1, column: 1, field: path.join('.'), message },
    severity: 'error' as const,
  }));
  return new InvalidFile('the access policy is not one', problems);
}
