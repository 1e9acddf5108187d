import { describe, expect, it } from 'vitest';
import { deploymentNameOf } from '../../../lib/cli/init-template/cdk-app.ts';
import { layOver } from '../../../lib/contract/cloud/lay-over.ts';
import { patternsMeet } from '../../../lib/contract/cloud/publishers.ts';
import { resolveDeployment, UnresolvedDeployment } from '../../../lib/contract/cloud/resolve-deployment.ts';

const github = { owner: 'acme', repository: 'models' };
const workloadIdentity = {
  provider: '//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/pool/providers/aws',
};

describe('a deployment', () => {
  it('of nothing has the defaults of everything', () => {
    expect(resolveDeployment({})).toMatchObject({
      environment: null,
      cloud: { name: 'weighbridge', public: true, private: true, retention: { noncurrentDays: 90 } },
      publishers: {},
      sources: { hosts: [], tokens: { origins: [] } },
      replicas: [],
      trustedOrigins: [],
    });
  });

  it('of an environment has its settings laid over those of the file, key by key', () => {
    const document = {
      cloud: { name: 'weights', retention: { logDays: 30, stateDays: 20 }, tags: { team: 'a', stage: 'all' } } as const,
      publishers: { models: { github, collections: ['*'] } },
      trustedOrigins: ['http://127.0.0.1:8081'],
      maxRunCost: 5,
      environments: {
        prod: {
          cloud: { account: '111122223333', retention: { logDays: 365 }, tags: { stage: 'prod' } } as const,
          trustedOrigins: [],
        },
      },
    };
    const prod = resolveDeployment(document, 'prod');
    expect(prod.environment).toBe('prod');
    expect(prod.cloud).toMatchObject({
      name: 'weights',
      account: '111122223333',
      retention: { logDays: 365, stateDays: 20, noncurrentDays: 90 },
      tags: { team: 'a', stage: 'prod' },
    });
    expect(prod.trustedOrigins).toEqual([]);
    expect(prod.maxRunCost).toBe(5);
    expect(Object.keys(prod.publishers)).toEqual(['models']);
    expect(resolveDeployment(document).cloud.retention.logDays).toBe(30);
  });

  it('loses a setting that its environment says is null', () => {
    const document = {
      cloud: {
        gcs: { project: 'acme-models', public: { name: 'acme-models' }, workloadIdentity },
        account: '111122223333',
      },
      environments: { dev: { cloud: { gcs: null, account: null } } },
    };
    expect(resolveDeployment(document, 'dev').cloud).not.toHaveProperty('gcs');
    expect(resolveDeployment(document, 'dev').cloud.account).toBeUndefined();
    expect(resolveDeployment(document).cloud.gcs?.project).toBe('acme-models');
  });

  it('of an unknown environment is none, and the known ones are named', () => {
    const document = { environments: { dev: {}, prod: {} } };
    expect(() => resolveDeployment(document, 'test')).toThrow(/there is no environment "test"; there are dev, prod/);
    expect(() => resolveDeployment({}, 'constructor')).toThrow(UnresolvedDeployment);
  });

  it('has no name that would be that of the second stack of another one', () => {
    expect(() => resolveDeployment({ cloud: { name: 'weights-gcs' } })).toThrow(/cloud\.name: .*ends in -gcs/);
    expect(resolveDeployment({ cloud: { name: 'gcs-weights' } }).cloud.name).toBe('gcs-weights');
    for (const folder of ['models-gcs', 'Models GCS', 'models-gcs-gcs'])
      expect(deploymentNameOf(folder)).toBe('models');
  });

  it('lets a publisher publish into the mirrors that there are, where nothing else is said', () => {
    const publishers = { models: { github, collections: ['*'] } };
    expect(resolveDeployment({ publishers }).publishers.models?.access).toEqual(['public', 'private']);
    expect(resolveDeployment({ publishers, cloud: { public: false } }).publishers.models?.access).toEqual(['private']);
  });
});

describe('settings laid over others', () => {
  it('take the place of lists and of what is no mapping', () => {
    expect(layOver({ a: [1, 2], b: { c: 1 }, d: true }, { a: [3], b: false, d: { e: 1 } })).toEqual({
      a: [3],
      b: false,
      d: { e: 1 },
    });
  });

  it('leave what is below as it was', () => {
    const below = { a: { b: 1 } };
    layOver(below, { a: { b: null, c: 2 } });
    expect(below).toEqual({ a: { b: 1 } });
  });
});

it.each([
  ['*', 'a', true],
  ['falcon-*', 'falcon-7b', true],
  ['falcon-*', 'fal*', true],
  ['falcon-*', 'llama-*', false],
  ['falcon', 'falcon', true],
  ['falcon', 'falcon-7b', false],
  ['fal*', 'falcon', true],
])('a collection that both %s and %s cover: %s', (one, other, expected) => {
  expect([patternsMeet(one, other), patternsMeet(other, one)]).toEqual([expected, expected]);
});
