import { describe, expect, it } from 'vitest';
import { readAccessPolicy } from '../../../../lib/core/access/policy/read-access-policy.ts';
import { InvalidFile } from '../../../../lib/core/errors.ts';

const sha256 = 'ab'.repeat(32);
const issuer = { issuer: 'https://id.example.org', audiences: ['models'] };
const ci = { kind: 'oidc', issuer: 'id', claims: { sub: 'ci' } };
const farm = { kind: 'tokens', tokens: [{ sha256, expires: '2027-01-31' }] };
const grant = {
  name: 'one',
  to: ['ci'],
  collections: ['*'],
  versions: '>=1',
  prereleases: false,
  tags: null,
  files: null,
  maximumLifetime: 900,
};
const policy = { issuers: { id: issuer }, principals: { ci, farm }, grants: [grant] };

function fieldsOf(value: unknown): string[] {
  try {
    readAccessPolicy(value);
    return [];
  } catch (error) {
    if (!(error instanceof InvalidFile)) throw error;
    return error.problems.map(({ field }) => field);
  }
}

describe('the policy as the cloud keeps it', () => {
  it('is read as it is', () => {
    expect(readAccessPolicy(JSON.parse(JSON.stringify(policy)))).toEqual(policy);
  });

  const wrong: [title: string, value: unknown, field: string][] = [
    ['nothing', undefined, ''],
    ['a list', [], ''],
    [
      'a file as people write it',
      { weighbridgeAccess: 1, issuers: {}, principals: {}, grants: [] },
      'weighbridgeAccess',
    ],
    ['no grants', { issuers: {}, principals: {} }, 'grants'],
    ['a grant to nobody known', { ...policy, grants: [{ ...grant, to: ['constructor'] }] }, 'grants.0.to.0'],
    ['two grants of one name', { ...policy, grants: [grant, grant] }, 'grants.1.name'],
    ['a range that is none', { ...policy, grants: [{ ...grant, versions: 'newest' }] }, 'grants.0.versions'],
    [
      'a life of more than an hour',
      { ...policy, grants: [{ ...grant, maximumLifetime: 3601 }] },
      'grants.0.maximumLifetime',
    ],
    ['a life of no time', { ...policy, grants: [{ ...grant, maximumLifetime: 0 }] }, 'grants.0.maximumLifetime'],
    ['no collections', { ...policy, grants: [{ ...grant, collections: [] }] }, 'grants.0.collections'],
    ['no tags but a list of them', { ...policy, grants: [{ ...grant, tags: [] }] }, 'grants.0.tags'],
    ['a field that is left out', { ...policy, grants: [{ ...grant, files: undefined }] }, 'grants.0.files'],
    ['an unknown field', { ...policy, grants: [{ ...grant, deny: true }] }, 'grants.0.deny'],
    ['an issuer that is not there', { ...policy, issuers: {} }, 'principals.ci.issuer'],
    ['no claims', { ...policy, principals: { ci: { ...ci, claims: {} } } }, 'principals.ci.claims'],
    ['an unknown kind', { ...policy, principals: { ci: { kind: 'everybody' } } }, 'principals.ci.kind'],
    ['a digest that two have', { ...policy, principals: { ci, farm, other: farm } }, 'principals.other'],
    ['a name that is none', { ...policy, issuers: { id: issuer, 'I D': issuer } }, 'issuers.I D'],
  ];
  for (const [title, value, field] of wrong) {
    it(`is refused with ${title}`, () => {
      expect(fieldsOf(value)).toContain(field);
    });
  }
});
