import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AccessPolicy } from '../../../../lib/core/access/access-policy.ts';
import type { Caller } from '../../../../lib/core/access/caller.ts';
import { collectionMayBeSeen, decide, principalsOf } from '../../../../lib/core/access/policy/decide.ts';
import { explain } from '../../../../lib/core/access/policy/explain.ts';
import { readAccessPolicy } from '../../../../lib/core/access/policy/read-access-policy.ts';
import { compilePattern } from '../../../../lib/core/access/policy/text-pattern.ts';
import { naiveCovers, naiveDecide } from './naive-decide.ts';

/** Few letters, so that things meet. */
const texts = fc.string({ unit: fc.constantFrom('a', 'b', '/', ':', '-'), minLength: 1, maxLength: 6 });
const patterns = fc
  .array(fc.constantFrom('a', 'b', '/', ':', '-', '*', '**'), { minLength: 1, maxLength: 6 })
  .map((parts) => parts.join(''));
/** Of both kinds: some that meet often, some that hardly ever do. */
const words = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('a', 'ab', 'a/b', 'a:b') },
  { weight: 1, arbitrary: texts },
);
const rules = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom('**', '*', 'a*', 'a**', 'a', 'a/*', '*b') },
  { weight: 1, arbitrary: patterns },
);
const names = fc.constantFrom('p1', 'p2', 'p3', 'p4');
const claimNames = fc.constantFrom('sub', 'toString');
const accounts = fc.constantFrom('111122223333', '444455556666');
const versions = fc.oneof(
  fc.tuple(fc.nat(3), fc.nat(3), fc.nat(3)).map((numbers) => numbers.join('.')),
  fc.tuple(fc.nat(3), fc.nat(1), fc.nat(1), fc.nat(3)).map(([a, b, c, rc]) => `${a}.${b}.${c}-rc.${rc}`),
  fc.constantFrom('v1', 'a', 'ab', 'nightly', '1.0', '01.0.0', '1.0.0+x'),
);
const ranges = fc
  .tuple(fc.nat(1), fc.nat(1), fc.nat(3), fc.nat(3))
  .map(([a, b, c, d]) => `>=${a}.${b}.0 <${a + c}.${d}.1`);

const claimRules = fc.oneof(
  { weight: 4, arbitrary: rules },
  { weight: 1, arbitrary: fc.oneof(fc.nat(3), fc.boolean(), fc.record({ contains: rules })) },
);
const claimValues = fc.oneof(
  { weight: 6, arbitrary: words },
  fc.nat(3),
  fc.boolean(),
  fc.array(texts, { maxLength: 3 }),
  fc.array(fc.oneof(texts, fc.nat(3)), { maxLength: 3 }),
  fc.constant(null),
  fc.constantFrom('0', '1', 'true'),
);
const arns = fc
  .tuple(accounts, fc.constantFrom('role/', 'role/a/', 'user/'), fc.constantFrom('a', 'ab', 'a*', '*b', 'b'))
  .map(([account, kind, name]) => `arn:aws:iam::${account}:${kind}${name}`);
const principals = fc.oneof(
  fc.record({
    kind: fc.constant('aws' as const),
    arns: fc.array(fc.oneof(accounts, arns), { minLength: 1, maxLength: 2 }),
  }),
  fc.record({
    kind: fc.constant('oidc' as const),
    issuer: fc.constantFrom('i1', 'i2'),
    claims: fc.dictionary(claimNames, claimRules, { minKeys: 1, maxKeys: 2 }),
  }),
  fc.record({ kind: fc.constant('tokens' as const), tokens: fc.constant([]) }),
);
const grants = fc.record({
  to: fc.array(names, { minLength: 1, maxLength: 4 }),
  collections: fc.array(rules, { minLength: 1, maxLength: 2 }),
  versions: fc.option(ranges),
  prereleases: fc.boolean(),
  tags: fc.option(fc.array(fc.oneof(rules, fc.constantFrom('v*', 'night*', '**')), { minLength: 1, maxLength: 2 })),
  files: fc.option(fc.array(rules, { minLength: 1, maxLength: 2 })),
  maximumLifetime: fc.constantFrom(300, 900, 900, 3600),
});
const policies: fc.Arbitrary<AccessPolicy> = fc
  .record({
    p1: principals,
    p2: principals,
    p3: principals,
    p4: principals,
    grants: fc.array(grants, { maxLength: 6, size: 'max' }),
  })
  .map(({ grants: list, ...all }) =>
    // As the cloud keeps it: through JSON and its reader.
    readAccessPolicy(
      JSON.parse(
        JSON.stringify({
          issuers: {
            i1: { issuer: 'https://one.example.org', audiences: ['a'] },
            i2: { issuer: 'https://two.example.org', audiences: ['a'] },
          },
          principals: all,
          grants: list.map((grant, index) => ({ name: `g${index}`, ...grant })),
        }),
      ),
    ),
  );
const callers: fc.Arbitrary<Caller> = fc.oneof(
  fc.record({
    kind: fc.constant('aws' as const),
    account: accounts,
    arn: fc.option(
      arns.map((arn) => arn.replace('role/a/', 'role/').replaceAll('*', 'a')),
      { nil: undefined },
    ),
  }),
  fc.record({
    kind: fc.constant('oidc' as const),
    issuer: fc.constantFrom('i1', 'i2'),
    subject: texts,
    claims: fc.dictionary(claimNames, claimValues, { maxKeys: 2, size: 'max' }),
  }),
  fc.record({ kind: fc.constant('token' as const), principal: fc.oneof(names, fc.constant('constructor')) }),
);
const wanted = fc.record(
  { collection: words, version: versions, file: words },
  { requiredKeys: ['collection', 'version'] },
);

describe('a decision', () => {
  it('is the one of an evaluator that was written independently', () => {
    let allowed = 0;
    fc.assert(
      fc.property(policies, fc.array(fc.tuple(callers, wanted), { minLength: 8, maxLength: 8 }), (policy, asked) => {
        for (const [caller, want] of asked) {
          const decision = decide(policy, caller, want);
          const said = decision.allowed ? `${decision.grant} ${decision.maximumLifetime}` : null;
          expect(said).toBe(naiveDecide(policy, caller, want));
          if (decision.allowed) allowed += 1;
        }
      }),
      { numRuns: 3000 },
    );
    // Both answers were compared, not one of them alone.
    expect(allowed).toBeGreaterThan(250);
  });

  it('is explained by the grant that decides, and a collection is seen wherever something of it may be read', () => {
    fc.assert(
      fc.property(policies, callers, wanted, (policy, caller, want) => {
        const decision = decide(policy, caller, want);
        const said = explain(policy, caller, want, new Date(0));
        expect(said.allowed).toBe(decision.allowed);
        expect(said.grant).toBe(decision.allowed ? decision.grant : null);
        expect(said.maximumLifetime).toBe(decision.allowed ? decision.maximumLifetime : null);
        const is = said.principals.filter(({ applies }) => applies).map(({ name }) => name);
        expect(is).toEqual(principalsOf(policy, caller));
        if (decision.allowed) expect(collectionMayBeSeen(policy, caller, want.collection)).toBe(true);
        if (said.grants.every(({ applies }) => !applies)) expect(decision.allowed).toBe(false);
      }),
      { numRuns: 1000 },
    );
  });

  it('is no for whoever is no principal, whatever is asked', () => {
    fc.assert(
      fc.property(policies, callers, wanted, (policy, caller, want) => {
        fc.pre(principalsOf(policy, caller).length === 0);
        expect(decide(policy, caller, want).allowed).toBe(false);
        expect(collectionMayBeSeen(policy, caller, want.collection)).toBe(false);
      }),
      { numRuns: 500 },
    );
  });
});

describe('a pattern', () => {
  it('covers what trying every way of reading it covers', () => {
    fc.assert(
      fc.property(patterns, texts, (pattern, text) => {
        expect(compilePattern(pattern)(text)).toBe(naiveCovers(pattern, text));
      }),
      { numRuns: 5000 },
    );
  });

  it('covers itself where it has no star, and nothing else', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), fc.string({ unit: 'grapheme' }), (pattern, text) => {
        fc.pre(!pattern.includes('*'));
        expect(compilePattern(pattern)(pattern)).toBe(true);
        expect(compilePattern(pattern)(text)).toBe(pattern === text);
      }),
    );
  });
});
