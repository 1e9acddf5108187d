import type { Storage } from '@google-cloud/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { federatedMember, gcsBucketProperties, labelOf } from '../../../lib/contract/cloud/gcs-bucket-resource.ts';
import { serveBucketRequest } from '../../../lib/core/gcs-buckets/bucket-request.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';

/** As CloudFormation sends them: strings throughout. */
const sent = {
  ServiceToken: 'arn',
  Name: 'weights-mirror',
  Project: 'strict',
  Location: 'EU',
  Existing: 'false',
  StorageClass: 'STANDARD',
  PublicRead: 'true',
  NoncurrentDays: '90',
  UnfinishedUploadDays: '14',
  SoftDeleteDays: '0',
  Cors: ['*'],
  Labels: ['team=models', 'x=a=b'],
  Owner: 'weighbridge',
  Writers: ['serviceAccount:mirror@project.example.org'],
};

describe('a custom resource for a bucket', () => {
  let gcs: RunningStrictGcs;
  let storage: Storage;

  beforeEach(async () => {
    gcs = await startStrictGcs();
    storage = storageWithToken(gcs.url, gcs.token);
  });

  afterEach(async () => {
    await gcs.stop();
  });

  const ask = (type: 'Create' | 'Update' | 'Delete', changes: object = {}, bucket?: string) =>
    serveBucketRequest({ type, properties: gcsBucketProperties.parse({ ...sent, ...changes }), bucket }, storage);

  test('is made from properties that are strings, and is known by its name', async () => {
    expect(await ask('Create')).toBe('weights-mirror');
    const [metadata] = await storage.bucket('weights-mirror').getMetadata();
    expect(metadata).toMatchObject({ labels: { team: 'models', x: 'a=b' }, cors: [{ origin: ['*'] }] });
    expect(metadata.softDeletePolicy).toEqual({ retentionDurationSeconds: 0 });
  });

  test('may be asked for twice, as after an answer that got lost', async () => {
    await ask('Create');
    expect(await ask('Create')).toBe('weights-mirror');
  });

  test('takes another name by making another bucket, and the old one is deleted while it is empty', async () => {
    await ask('Create');
    expect(await ask('Update', { Name: 'weights-two' }, 'weights-mirror')).toBe('weights-two');
    expect([...gcs.server.buckets.keys()]).toEqual(['weights-mirror', 'weights-two']);
    await ask('Delete', {}, 'weights-mirror');
    expect([...gcs.server.buckets.keys()]).toEqual(['weights-two']);
  });

  test('that was never made deletes nothing, whoever has a bucket of that name', async () => {
    await ask('Create');
    await ask('Delete', {}, 'weighbridge-gcs-Mirror-1ABC');
    expect(gcs.server.buckets.has('weights-mirror')).toBe(true);
  });

  test('of an operator is looked at, and neither changed nor deleted', async () => {
    await storage.createBucket('weights-mirror', { location: 'US' });
    await ask('Create', { Existing: 'true' });
    await ask('Delete', { Existing: 'true' }, 'weights-mirror');
    expect(gcs.server.buckets.get('weights-mirror')?.rules.metageneration).toBe(1);
  });
});

describe('names for Google', () => {
  test.each([
    ['CostCentre', 'A 1', ['costcentre', 'a_1']],
    ['1st', 'x'.repeat(80), ['t_1st', 'x'.repeat(63)]],
    ['équipe', '', ['t__quipe', '']],
  ])('make of the tag %s a label that Google takes', (key, value, label) => {
    expect(labelOf(key, value)).toEqual(label);
  });

  test('name an AWS role by the pool, not by the provider', () => {
    const provider = '//iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/pool/providers/aws';
    expect(federatedMember(provider, 'arn:aws:sts::111122223333:assumed-role/r')).toBe(
      'principalSet://iam.googleapis.com/projects/12/locations/global/workloadIdentityPools/pool/attribute.aws_role/arn:aws:sts::111122223333:assumed-role/r',
    );
  });
});
