import semver from 'semver';
import type { AccessPolicy, Grant } from '../access-policy.ts';
import { type Caller, callerText } from '../caller.ts';
import { type CompiledGrant, compilePolicy } from './compile-policy.ts';
import { principalsOf } from './decide.ts';
import { notThisPrincipal } from './explain-principal.ts';
import { isSemver } from './version-rule.ts';

/** Whom to explain it for: a caller, or whoever is a principal of this name. */
export type ExplainedAs = Caller | { readonly kind: 'principal'; readonly name: string };

/** What to explain. Without a version: for all of them. */
export interface ExplainedWanted {
  readonly collection: string;
  readonly version?: string | undefined;
  readonly file?: string | undefined;
}

/** One principal or grant of the policy, and what it has to do with the question. */
export interface Verdict {
  readonly name: string;
  readonly applies: boolean;
  /** Why, as the end of a sentence. */
  readonly reason: string;
}

export interface GrantVerdict extends Verdict {
  /** Seconds. */
  readonly maximumLifetime: number;
}

export interface Explanation {
  readonly who: string;
  readonly wanted: ExplainedWanted;
  /** Without a version: is any covered? */
  readonly allowed: boolean;
  /** The grant that decides; null where none does. */
  readonly grant: string | null;
  /** Seconds; null where nothing is allowed. */
  readonly maximumLifetime: number | null;
  readonly principals: readonly Verdict[];
  /** In the order of the policy. */
  readonly grants: readonly GrantVerdict[];
  /** What to change, where nothing is allowed. */
  readonly advice: string | null;
}

/**
 * Says what `decide` says, and why: of every principal whether the caller is it, of every grant whether it applies.
 * @param now for tokens that have expired
 */
export function explain(policy: AccessPolicy, as: ExplainedAs, wanted: ExplainedWanted, now: Date): Explanation {
  const own = as.kind === 'principal' ? [as.name] : principalsOf(policy, as);
  const principals = Object.entries(policy.principals).map(([name, principal]): Verdict => {
    const applies = own.includes(name);
    const asked = as.kind === 'principal' ? 'asked for' : 'is this caller';
    const reason = applies ? asked : notThisPrincipal(name, principal, as);
    return { name, applies, reason };
  });
  const grants = compilePolicy(policy).grants.map((one) => grantVerdict(one, own, wanted));
  const best = grants.reduce<GrantVerdict | undefined>(
    (found, one) => (one.applies && one.maximumLifetime > (found?.maximumLifetime ?? 0) ? one : found),
    undefined,
  );
  return {
    who: as.kind === 'principal' ? `principal ${as.name}` : callerText(as),
    wanted,
    allowed: best !== undefined,
    grant: best?.name ?? null,
    maximumLifetime: best?.maximumLifetime ?? null,
    principals,
    grants,
    advice: best === undefined ? adviceFor(policy, own, wanted, now) : expiredAdvice(policy, own, now),
  };
}

function grantVerdict(one: CompiledGrant, own: readonly string[], wanted: ExplainedWanted): GrantVerdict {
  const { grant } = one;
  const no = (reason: string) => ({
    ...{ name: grant.name, applies: false, reason },
    maximumLifetime: grant.maximumLifetime,
  });
  if (!grant.to.some((name) => own.includes(name))) return no(`is for ${grant.to.join(', ')}`);
  if (!one.coversCollection(wanted.collection)) return no(`covers the collections ${grant.collections.join(', ')}`);
  const { version, file } = wanted;
  if (version !== undefined && !one.coversVersion(version)) return no(whyNotVersion(grant, version));
  if (file !== undefined && !one.coversFile(file)) return no(`covers the files ${grant.files?.join(', ')}`);
  const covers = [version === undefined ? versionsText(grant) : `covers ${version}`];
  if (file === undefined && grant.files !== null) covers.push(`of its files ${grant.files.join(', ')}`);
  return { ...no(covers.join(', ')), applies: true };
}

/** `covers versions >=1 <2 without prereleases, and tags v*`. */
function versionsText({ versions, prereleases, tags }: Grant): string {
  if (versions === null && tags === null) return 'covers every version';
  const parts = [];
  if (versions !== null) parts.push(`versions ${versions} with${prereleases ? '' : 'out'} prereleases`);
  if (tags !== null) parts.push(`tags ${tags.join(', ')}`);
  return `covers ${parts.join(', and ')}`;
}

function whyNotVersion(grant: Grant, version: string): string {
  const text = versionsText(grant);
  if (!isSemver(version))
    return grant.tags === null ? `${text}; ${version} is not semver, so \`tags\` must name it` : text;
  if (grant.versions === null) return `${text}; ${version} is semver, which only \`versions\` covers`;
  const within = semver.satisfies(version, grant.versions, { includePrerelease: true });
  return within ? `${text}, and ${version} is one: \`prereleases: true\` would cover it` : text;
}

function adviceFor(
  policy: AccessPolicy,
  own: readonly string[],
  { collection, version }: ExplainedWanted,
  now: Date,
): string {
  if (own.length === 0) return 'Nobody in `principals` is this caller: describe it there, and name it in a grant.';
  const expired = expiredAdvice(policy, own, now);
  if (expired !== null) return expired;
  const near = compilePolicy(policy).grants.filter(
    (one) => one.coversCollection(collection) && (version === undefined || one.coversVersion(version)),
  );
  const [first] = near;
  if (first === undefined) return `No grant covers this at all: write one with \`to: [${own[0]}]\` under \`grants\`.`;
  // Its own grant first: to be named by one that was made for others may give it more than is asked for.
  const ownOne = near.find(({ grant }) => grant.to.some((name) => own.includes(name)));
  return ownOne === undefined
    ? `The grant ${first.grant.name} covers it for others: add ${own.join(' or ')} to its \`to\`, or write a grant of its own.`
    : `Widen \`files\` of the grant ${ownOne.grant.name}, or write another grant.`;
}

/** Tokens are the one thing of a policy that time undoes. */
function expiredAdvice(policy: AccessPolicy, own: readonly string[], now: Date): string | null {
  const today = now.toISOString().slice(0, 10);
  for (const name of own) {
    const principal = Object.hasOwn(policy.principals, name) ? policy.principals[name] : undefined;
    if (principal?.kind !== 'tokens' || principal.tokens.some(({ expires }) => expires >= today)) continue;
    const why = principal.tokens.length === 0 ? 'has no token' : 'has only tokens that have expired';
    return `${name} ${why}, so nobody can be it: \`weighbridge token new ${name}\`.`;
  }
  return null;
}
