import { describe, expect, it } from 'vitest';
import { publisherSchema } from '../../../lib/contract/cloud/publishers.ts';

const collections = ['*'];
const isFine = (settings: unknown) => publisherSchema.safeParse(settings).success;

describe('publishers', () => {
  it.each([
    ['arn:aws:iam::111122223333:role/people', true],
    ['arn:aws-cn:iam::111122223333:role/path/people', true],
    ['arn:aws:iam::111122223333:user/somebody', true],
    ['arn:aws:iam::111122223333:root', false],
    ['arn:aws:iam::111122223333:role/*', false],
    ['arn:aws:sts::111122223333:assumed-role/people/session', false],
    ['111122223333', false],
    ['*', false],
  ])('of people are single identities: %s', (arn, fine) => {
    expect(isFine({ principals: [arn], collections })).toBe(fine);
  });

  it('are on GitHub, on GitLab or people, and one of these', () => {
    const github = { owner: 'acme', repository: 'models' };
    const gitlab = { project: 'acme/models' };
    expect(isFine({ github, collections })).toBe(true);
    expect(isFine({ gitlab, collections })).toBe(true);
    expect(isFine({ github, gitlab, collections })).toBe(false);
    expect(isFine({ principals: [], collections })).toBe(false);
    expect(isFine({ collections })).toBe(false);
  });

  it.each(['main*', 'a:b', '?', 'release/[0-9]', ''])('have one branch, not a pattern: %j', (branch) => {
    expect(isFine({ github: { owner: 'acme', repository: 'models', branch }, collections })).toBe(false);
    expect(isFine({ gitlab: { project: 'acme/models', branch }, collections })).toBe(false);
  });
});
