import { describe, expect, it } from 'vitest';
import { runtimeConfiguration } from '../../../lib/contract/cloud/deployment.ts';
import { resolveDeployment } from '../../../lib/contract/cloud/resolve-deployment.ts';
import { mirrorAddresses } from '../../../lib/core/pipeline/mirror-addresses.ts';

function configuration(publicRead: boolean, replicas: unknown = [{ collections: ['*'], to: ['gcs'] }]) {
  const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/p/providers/aws';
  const gcs = {
    project: 'my-project',
    public: { name: 'weights' },
    private: { name: 'weights-private' },
    publicRead,
    workloadIdentity: { provider },
  };
  return runtimeConfiguration(resolveDeployment({ cloud: { gcs }, replicas } as never));
}

const url = 'https://weights.example.org';
const cdn = { kind: 'https', baseUrl: url, readers: 'public' };

describe('where a registry says that its releases can be read', () => {
  it('is the CDN, and the copy that anybody may read', () => {
    expect(mirrorAddresses('public', 's3://p', configuration(true), url)).toEqual([
      cdn,
      { kind: 'gcs', baseUrl: 'https://storage.googleapis.com/weights', readers: 'public' },
    ]);
  });

  it('names no bucket in public that only some may read', () => {
    expect(mirrorAddresses('public', 's3://p', configuration(false), url)).toEqual([cdn]);
    expect(mirrorAddresses('public', 's3://p', configuration(false), undefined)).toEqual([]);
  });

  it('is the buckets of private releases, for those who have the right', () => {
    expect(mirrorAddresses('private', 's3://own', configuration(true), url)).toEqual([
      { kind: 's3', baseUrl: 's3://own', readers: 'iam' },
      { kind: 'gcs', baseUrl: 'gs://weights-private', readers: 'iam' },
    ]);
  });

  it('leaves a copy out that nothing is copied to', () => {
    expect(mirrorAddresses('private', 's3://own', configuration(true, []), url)).toHaveLength(1);
  });
});
