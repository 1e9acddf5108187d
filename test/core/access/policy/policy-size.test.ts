import { describe, expect, it } from 'vitest';
import { parsePolicy } from '../../../../lib/core/access/policy/parse-policy.ts';

/** A policy of about so many bytes, with few words. */
function policyOf(bytes: number): string {
  const collections = Array.from({ length: Math.ceil(bytes / 504) }, (_, index) => `a${index}-`.padEnd(500, 'a*'));
  return JSON.stringify({
    weighbridgeAccess: 1,
    principals: { partner: { aws: ['444455556666'] } },
    grants: { all: { to: ['partner'], collections } },
  });
}

describe('the size of an access policy', () => {
  it('is below what the access API reads, so that none which is valid shuts everybody out', () => {
    expect(parsePolicy(policyOf(3 << 20), { file: 'access.yaml' }).policy.grants).toHaveLength(1);
    expect(() => parsePolicy(policyOf(4 << 20), { file: 'access.yaml' })).toThrow(
      expect.objectContaining({
        name: 'InvalidFile',
        problems: [expect.objectContaining({ message: expect.stringContaining('larger than the access API reads') })],
      }),
    );
  });
});
