import { describe, expect, it } from 'vitest';
import { publishersSchema } from '../../../lib/contract/cloud/publishers.ts';
import { choosePublisher } from '../../../lib/core/submit/choose-publisher.ts';

const publishers = publishersSchema.parse({
  models: { github: { owner: 'Acme', repository: 'models' }, collections: ['*'] },
  audio: { gitlab: { url: 'https://git.example.org', project: 'audio/stems' }, collections: ['stem-*'] },
  people: { principals: ['arn:aws:iam::123456789012:role/people'], collections: ['*'] },
});

describe('the publisher to submit as', () => {
  it.each([
    ['https://github.com/acme/models', 'models'],
    ['https://github.com/Acme/models.git', 'models'],
    ['https://git.example.org/audio/stems/', 'audio'],
  ])('is the one of the repository %s', (repository, name) => {
    expect(choosePublisher(publishers, undefined, repository).name).toBe(name);
  });

  it('is the one that is named, wherever this is', () => {
    expect(choosePublisher(publishers, 'people', 'https://github.com/acme/models').name).toBe('people');
  });

  it('is the only one there is', () => {
    const { people } = publishers;
    expect(choosePublisher(people === undefined ? {} : { people }, undefined, undefined).name).toBe('people');
  });

  it.each([
    ['a name that is none', 'nobody', undefined, 'there is no publisher "nobody"'],
    ['no repository', undefined, undefined, 'this is no repository'],
    ['a repository of none', undefined, 'https://github.com/acme/other', 'is of none of them'],
  ])('is asked for with %s', (_, named, repository, message) => {
    expect(() => choosePublisher(publishers, named, repository)).toThrow(message);
  });

  it('of the access policy is one that may submit it, where there is one', () => {
    const { models, people } = publishers;
    if (models === undefined || people === undefined) throw new Error('no publishers');
    const several = { models, people: { ...people, policy: true }, others: models };
    expect(choosePublisher(several, undefined, 'https://github.com/acme/models', true).name).toBe('people');
    expect(choosePublisher({ models }, undefined, undefined, true).name).toBe('models');
    const two = { ...several, models: { ...models, policy: true } };
    expect(choosePublisher(two, undefined, 'https://github.com/acme/models', true).name).toBe('models');
    expect(() => choosePublisher(two, undefined, undefined, true)).toThrow(
      expect.objectContaining({ hint: expect.stringMatching(/one of models, people\.$/) }),
    );
  });

  it('is asked for where weighbridge.yaml has none', () => {
    expect(() => choosePublisher({}, undefined, undefined)).toThrow('nobody may submit');
  });
});
