import { describe, expect, it } from 'vitest';
import type { AccessPolicy, ClaimRule, Grant, Principal } from '../../../../lib/core/access/access-policy.ts';
import type { Caller } from '../../../../lib/core/access/caller.ts';
import { collectionMayBeSeen, decide, principalsOf } from '../../../../lib/core/access/policy/decide.ts';
import { compilePattern } from '../../../../lib/core/access/policy/text-pattern.ts';

const account = '111122223333';
const wanted = { collection: 'my-model', version: '1.2.0' };

function policyOf(principal: Principal, ...grants: Partial<Grant>[]): AccessPolicy {
  return {
    issuers: { github: { issuer: 'https://id.example.org', audiences: ['models'] } },
    principals: { ci: principal },
    grants: (grants.length === 0 ? [{}] : grants).map((grant, index) => ({
      name: `g${index}`,
      to: ['ci'],
      collections: ['my-model'],
      versions: null,
      prereleases: false,
      tags: null,
      files: null,
      maximumLifetime: 900,
      ...grant,
    })),
  };
}

const roles = (...arns: string[]): Principal => ({ kind: 'aws', arns });
const role = (name: string): Caller => ({ kind: 'aws', account, arn: `arn:aws:iam::${account}:role/${name}` });
const someone = role('ci');

function covers(grant: Partial<Grant>, ...versions: string[]): string[] {
  const policy = policyOf(roles(account), grant);
  return versions.filter((version) => decide(policy, someone, { collection: 'my-model', version }).allowed);
}

function isCi(rule: ClaimRule, value: unknown): boolean {
  const policy = policyOf({ kind: 'oidc', issuer: 'github', claims: { claim: rule } });
  const caller: Caller = { kind: 'oidc', issuer: 'github', subject: 's', claims: { claim: value } };
  return principalsOf(policy, caller).length === 1;
}

describe('the grants of a policy', () => {
  it('are needed for anything at all', () => {
    const policy = { ...policyOf(roles(account)), grants: [] };
    expect(decide(policy, someone, wanted)).toEqual({ allowed: false, reason: 'no grant for this caller' });
  });

  it('say how far what is asked was covered', () => {
    const policy = policyOf(roles(account), { versions: '>=2', files: ['*.json'] }, { files: ['a'] });
    const reason = (more: object) => decide(policy, someone, { ...wanted, ...more });
    expect(reason({ collection: 'other' })).toEqual({ allowed: false, reason: 'no grant for this collection' });
    expect(reason({ file: 'b' })).toEqual({ allowed: false, reason: 'no grant for this file' });
    expect(decide(policyOf(roles(account), { versions: '>=2' }), someone, wanted)).toEqual({
      allowed: false,
      reason: 'no grant for this version',
    });
  });

  it('decide by the longest life of a URL, and by the first of equal ones', () => {
    const lives = (...seconds: number[]) =>
      decide(policyOf(roles(account), ...seconds.map((maximumLifetime) => ({ maximumLifetime }))), someone, wanted);
    expect(lives(300, 3600, 900)).toEqual({ allowed: true, grant: 'g1', maximumLifetime: 3600 });
    expect(lives(900, 900)).toMatchObject({ grant: 'g0' });
  });

  it('for some files let the release itself be seen', () => {
    const policy = policyOf(roles(account), { files: ['config.json'] });
    expect(decide(policy, someone, wanted).allowed).toBe(true);
    expect(decide(policy, someone, { ...wanted, file: 'config.json' }).allowed).toBe(true);
    expect(decide(policy, someone, { ...wanted, file: 'model.bin' }).allowed).toBe(false);
    expect(collectionMayBeSeen(policy, someone, 'my-model')).toBe(true);
    expect(collectionMayBeSeen(policy, someone, 'my-model-2')).toBe(false);
  });
});

describe('the versions of a grant', () => {
  const all = ['0.9.0', '1.0.0-rc.1', '1.0.0', '1.5.0-rc.1', '2.0.0-rc.1', '2.0.0', 'v1', 'nightly'];

  it('are all of them where it names none', () => {
    expect(covers({}, ...all)).toEqual(all);
  });

  it('are those of its range, without prereleases unless it says so', () => {
    expect(covers({ versions: '>=1.0.0 <2.0.0-0' }, ...all)).toEqual(['1.0.0']);
    expect(covers({ versions: '>=1.0.0 <2.0.0-0', prereleases: true }, ...all)).toEqual(['1.0.0', '1.5.0-rc.1']);
    expect(covers({ versions: '1.5.0-rc.1' }, ...all)).toEqual(['1.5.0-rc.1']);
  });

  it('that are tags are covered by its tags alone, and never are semver', () => {
    expect(covers({ versions: '*' }, ...all)).toEqual(['0.9.0', '1.0.0', '2.0.0']);
    expect(covers({ tags: ['**'] }, ...all)).toEqual(['v1', 'nightly']);
    expect(covers({ versions: '<1', tags: ['v*'] }, ...all)).toEqual(['0.9.0', 'v1']);
  });
});

describe('a principal of AWS', () => {
  const is = (principal: string, caller: Caller) => principalsOf(policyOf(roles(principal)), caller).length === 1;

  it('is a whole account, with or without a role that is known', () => {
    expect(is(account, role('any'))).toBe(true);
    expect(is(account, { kind: 'aws', account, arn: undefined })).toBe(true);
    expect(is(account, { kind: 'aws', account: '444455556666', arn: undefined })).toBe(false);
  });

  it('is a role by its name, whatever path the policy gives it', () => {
    const arn = (name: string) => `arn:aws:iam::${account}:role/${name}`;
    expect(is(arn('ci'), role('ci'))).toBe(true);
    expect(is(arn('teams/ml/ci'), role('ci'))).toBe(true);
    expect(is(arn('ci-*'), role('ci-1'))).toBe(true);
    expect(is(arn('ci-*'), role('ci'))).toBe(false);
    expect(is(arn('ci'), role('ci-evil'))).toBe(false);
    expect(is(arn('ci'), role('CI'))).toBe(false);
    expect(is(arn('ci'), { kind: 'aws', account, arn: `arn:aws:iam::${account}:user/ci` })).toBe(false);
    expect(is(arn('ci'), { kind: 'aws', account, arn: `arn:aws-cn:iam::${account}:role/ci` })).toBe(false);
    expect(is(arn('ci'), { kind: 'aws', account, arn: undefined })).toBe(false);
    expect(is(arn('*'), { kind: 'aws', account, arn: arn('a/b') })).toBe(false);
  });
});

describe('a rule for a claim', () => {
  it('that is a text covers texts alone', () => {
    expect(isCi('7', '7')).toBe(true);
    for (const value of [7, ['7'], [['7']], { 0: '7' }, null, undefined, true]) expect(isCi('7', value)).toBe(false);
    for (const value of [[], {}, null, 0, false]) expect(isCi('**', value)).toBe(false);
    expect(isCi('**', '')).toBe(true);
  });

  it('that is a number or truth value needs the same JSON type', () => {
    expect(isCi(7, 7)).toBe(true);
    for (const value of ['7', [7], 7.5, true]) expect(isCi(7, value)).toBe(false);
    expect(isCi(true, true)).toBe(true);
    for (const value of ['true', 1, [true]]) expect(isCi(true, value)).toBe(false);
  });

  it('that looks into a list needs a list of texts', () => {
    expect(isCi({ contains: 'a*' }, ['b', 'ab'])).toBe(true);
    for (const value of ['ab', [], ['b'], ['ab', 7], [['ab']], { 0: 'ab', length: 1 }]) {
      expect(isCi({ contains: 'a*' }, value)).toBe(false);
    }
  });

  it('is about claims of the token itself, not of its prototype', () => {
    const policy = policyOf({ kind: 'oidc', issuer: 'github', claims: { sub: '**' } });
    const claims = Object.create({ sub: 'someone' });
    expect(principalsOf(policy, { kind: 'oidc', issuer: 'github', subject: 's', claims })).toEqual([]);
  });

  it('is about tokens of its issuer', () => {
    const policy = policyOf({ kind: 'oidc', issuer: 'github', claims: { sub: '**' } });
    const claims = { sub: 'someone' };
    expect(principalsOf(policy, { kind: 'oidc', issuer: 'other', subject: 's', claims })).toEqual([]);
  });
});

describe('a mirror token', () => {
  it('is of the principal whose it is, and of no other kind', () => {
    const caller: Caller = { kind: 'token', principal: 'ci' };
    expect(principalsOf(policyOf({ kind: 'tokens', tokens: [] }), caller)).toEqual(['ci']);
    expect(principalsOf(policyOf(roles(account)), caller)).toEqual([]);
    expect(principalsOf(policyOf({ kind: 'tokens', tokens: [] }), { kind: 'token', principal: 'toString' })).toEqual(
      [],
    );
  });
});

describe('a star', () => {
  const table: [pattern: string, text: string, covered: boolean][] = [
    ['repo:org/name:*', 'repo:org/name:pull_request', true],
    ['repo:org/name:*', 'repo:org/name:ref:refs/heads/main', false],
    ['repo:org/name:**', 'repo:org/name:ref:refs/heads/main', true],
    ['repo:org/name:**', 'repo:org/name-evil:ref:refs/heads/main', false],
    ['repo:org/*:ref:refs/heads/main', 'repo:org/a:ref:refs/heads/x:ref:refs/heads/main', false],
    ['a*', 'a', true],
    ['*', '', true],
    ['*', 'a\nb', true],
    ['a.c', 'abc', false],
    ['a?[b]{c}', 'a?[b]{c}', true],
    ['a+', 'aa', false],
    ['é', 'e\u0301', false],
    ['K', '\u212a', false],
    ['**/*.json', 'a/b/c.json', true],
    ['**/*.json', 'c.json', false],
    ['a*b*c', 'a/bc', false],
    ['a**b*c', 'a/b/bc', true],
    ['ab*ab', 'ab', false],
  ];
  for (const [pattern, text, covered] of table) {
    it(`in ${pattern} ${covered ? 'covers' : 'does not cover'} ${JSON.stringify(text)}`, () => {
      expect(compilePattern(pattern)(text)).toBe(covered);
    });
  }

  it('or two hundred of them do not make it try every way', () => {
    const covered = compilePattern(`${'a*'.repeat(120)}${'**a'.repeat(80)}b`);
    expect(covered('a'.repeat(16_384))).toBe(false);
    expect(covered(`${'a'.repeat(16_384)}b`)).toBe(true);
  });
});
