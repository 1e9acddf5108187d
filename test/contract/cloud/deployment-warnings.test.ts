import { describe, expect, it } from 'vitest';
import { deploymentWarnings } from '../../../lib/contract/cloud/deployment-warnings.ts';
import { resolveDeployment } from '../../../lib/contract/cloud/resolve-deployment.ts';

const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/weights/providers/aws';
const gcs = { project: 'acme-models', workloadIdentity: { provider }, public: { name: 'acme-mirror' } };
const publishers = {
  models: { github: { owner: 'acme', repository: 'models' }, collections: ['falcon-*'], access: ['public'] },
};
const everything = [{ collections: ['*'], to: ['gcs'] }];

const warned = (document: object) => deploymentWarnings(resolveDeployment(document as never)).map(({ id }) => id);

describe('an operator is warned', () => {
  it('of nothing, where every setting does what it says', () => {
    expect(warned({})).toEqual([]);
    expect(warned({ cloud: { gcs: { ...gcs, publicRead: true } }, publishers, replicas: everything })).toEqual([]);
  });

  it('of buckets in Google Cloud that nothing is copied into', () => {
    expect(warned({ cloud: { gcs }, publishers })).toEqual(['no-replicas']);
  });

  it('of a rule whose collections nobody may publish', () => {
    const replicas = [{ collections: ['falcon-7b', 'falcn-*'], to: ['gcs'] }];
    const [warning] = deploymentWarnings(resolveDeployment({ cloud: { gcs }, publishers, replicas } as never));
    expect(warning?.message).toContain('names falcn-*, and');
  });

  it('of settings that change nothing of buckets that exist already', () => {
    const existing = { ...gcs, public: { name: 'acme-mirror', existing: true }, publicRead: true, deleteBuckets: true };
    expect(warned({ cloud: { gcs: existing }, publishers, replicas: everything })).toEqual([
      'existing-bucket-publicRead',
      'existing-bucket-deleteBuckets',
    ]);
  });

  it('of a key whose policy is not ours to extend', () => {
    const id = '1234abcd-12ab-34cd-56ef-1234567890ab';
    const encryptionKey = `arn:aws:kms:eu-central-1:111122223333:key/${id}`;
    expect(warned({ cloud: { encryptionKey } })).toEqual(['key-of-your-own']);
    expect(warned({ cloud: { encryptionKey: 'create' } })).toEqual([]);
  });

  it('of an access API that was asked for and goes by no policy, and of a policy without such an API', () => {
    const submitting = { models: { ...publishers.models, policy: true } };
    expect(warned({ cloud: { access: {} }, publishers })).toEqual(['policy-of-nobody']);
    expect(warned({ cloud: { access: true }, publishers: submitting })).toEqual([]);
    expect(warned({ cloud: { access: false }, publishers: submitting })).toEqual(['policy-without-api']);
    expect(warned({ publishers })).toEqual([]);
  });

  it('of trusted origins', () => {
    expect(warned({ trustedOrigins: ['http://127.0.0.1:8081'] })).toEqual(['trusted-origins']);
  });
});
