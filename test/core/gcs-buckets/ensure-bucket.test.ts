import type { Storage } from '@google-cloud/storage';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { NotAuthorised, Refused } from '../../../lib/core/errors.ts';
import { checkBucket, deleteBucket, ensureBucket } from '../../../lib/core/gcs-buckets/ensure-bucket.ts';
import { ownerLabel, type WantedBucket } from '../../../lib/core/gcs-buckets/wanted-bucket.ts';
import { StoreError } from '../../../lib/core/stores/store.ts';
import { type RunningStrictGcs, startStrictGcs, storageWithToken } from '../../servers/strict-gcs/start-strict-gcs.ts';

const wanted: WantedBucket = {
  name: 'weights-mirror',
  location: 'EU',
  storageClass: 'STANDARD',
  publicRead: false,
  noncurrentDays: 90,
  unfinishedUploadDays: 14,
  softDeleteDays: 7,
  cors: ['*'],
  labels: { team: 'models' },
  owner: 'weighbridge',
  writers: ['serviceAccount:mirror@project.example.org'],
};

describe('a bucket in Google Cloud Storage', () => {
  let gcs: RunningStrictGcs;
  let storage: Storage;

  beforeEach(async () => {
    gcs = await startStrictGcs({ tokens: { poor: ['storage.buckets.get'] } });
    storage = storageWithToken(gcs.url, gcs.token);
  });

  afterEach(async () => {
    await gcs.stop();
  });

  async function settings(name = wanted.name) {
    const [metadata] = await storage.bucket(name).getMetadata();
    return metadata;
  }

  async function members(role: string): Promise<readonly string[]> {
    const [policy] = await storage.bucket(wanted.name).iam.getPolicy();
    return policy.bindings.filter((one) => one.role === role).flatMap((one) => one.members);
  }

  test('is made with versions, one way of access, and nobody but its writers', async () => {
    expect(await ensureBucket(storage, wanted)).toBe('created');
    expect(await settings()).toMatchObject({
      location: 'EU',
      versioning: { enabled: true },
      iamConfiguration: { uniformBucketLevelAccess: { enabled: true }, publicAccessPrevention: 'enforced' },
      softDeletePolicy: { retentionDurationSeconds: 7 * 86_400 },
      labels: { team: 'models', [ownerLabel]: 'weighbridge' },
    });
    expect(await members('roles/storage.objectUser')).toEqual(wanted.writers);
    expect(await members('roles/storage.legacyObjectReader')).toEqual([]);
  });

  test('that is there already is brought to what is wanted, labels that went included', async () => {
    await ensureBucket(storage, wanted);
    const later = { ...wanted, noncurrentDays: 30, publicRead: true, labels: { cost: 'c1' }, location: 'eu' };
    expect(await ensureBucket(storage, later)).toBe('updated');
    const now = await settings();
    expect(now.lifecycle?.rule?.[1]?.condition.daysSinceNoncurrentTime).toBe(30);
    expect(now.labels).toEqual({ cost: 'c1', [ownerLabel]: 'weighbridge' });
    expect(await members('roles/storage.legacyObjectReader')).toEqual(['allUsers']);
    expect(await ensureBucket(storage, { ...later, publicRead: false })).toBe('updated');
    expect(await members('roles/storage.legacyObjectReader')).toEqual([]);
    expect(await members('roles/storage.objectUser')).toEqual(wanted.writers);
  });

  test('keeps the members that somebody else put there', async () => {
    await ensureBucket(storage, wanted);
    const { iam } = storage.bucket(wanted.name);
    const [policy] = await iam.getPolicy();
    policy.bindings.push({ role: 'roles/storage.objectViewer', members: ['group:audit@example.org'] });
    await iam.setPolicy(policy);
    await ensureBucket(storage, { ...wanted, writers: ['principalSet://pool/role'] });
    expect(await members('roles/storage.objectViewer')).toEqual(['group:audit@example.org']);
    expect(await members('roles/storage.objectUser')).toEqual([...wanted.writers, 'principalSet://pool/role']);
  });

  test('of another deployment, or of a person, is not touched', async () => {
    await storage.createBucket(wanted.name, { location: 'EU' });
    await expect(ensureBucket(storage, wanted)).rejects.toThrow('belongs to somebody else');
    await ensureBucket(storage, { ...wanted, name: 'other-mirror', owner: 'other' });
    await expect(ensureBucket(storage, { ...wanted, name: 'other-mirror' })).rejects.toThrow(Refused);
    expect((await settings()).versioning).toBeUndefined();
    expect(await deleteBucket(storage, wanted.name, wanted.owner)).toBe('left');
    expect((await settings()).name).toBe(wanted.name);
  });

  test('does not move to another location', async () => {
    await ensureBucket(storage, wanted);
    await expect(ensureBucket(storage, { ...wanted, location: 'US' })).rejects.toThrow('cannot be moved to US');
  });

  test('whose settings somebody changes at the same time is brought to what is wanted all the same', async () => {
    await ensureBucket(storage, wanted);
    gcs.server.faults.add({ match: 'PATCH /storage/v1/b/weights-mirror', action: 'status', status: 412, times: 1 });
    expect(await ensureBucket(storage, { ...wanted, noncurrentDays: 5 })).toBe('updated');
    expect((await settings()).lifecycle?.rule?.[1]?.condition.daysSinceNoncurrentTime).toBe(5);
  });

  test('is deleted only while it is empty, and being gone is fine', async () => {
    await ensureBucket(storage, wanted);
    await storage.bucket(wanted.name).file('a').save('bytes', { resumable: false });
    await expect(deleteBucket(storage, wanted.name, wanted.owner)).rejects.toThrow('is not empty');
    await storage.bucket(wanted.name).file('a').delete();
    const [versions] = await storage.bucket(wanted.name).getFiles({ versions: true });
    for (const version of versions) await version.delete();
    expect(await deleteBucket(storage, wanted.name, wanted.owner)).toBe('deleted');
    expect(await deleteBucket(storage, wanted.name, wanted.owner)).toBe('left');
  });

  test('that an operator says is there must be there, and is otherwise left alone', async () => {
    await expect(checkBucket(storage, wanted.name)).rejects.toThrow('is to be there already, and is not');
    await storage.createBucket(wanted.name, { location: 'EU' });
    const asked = gcs.server.log.length;
    await checkBucket(storage, wanted.name);
    expect(gcs.server.log.slice(asked)).toEqual([expect.stringMatching(/^GET /)]);
  });

  test('says which permission is missing, and whether another try can help', async () => {
    const poor = storageWithToken(gcs.url, 'poor');
    await expect(ensureBucket(poor, wanted)).rejects.toThrow(NotAuthorised);
    await expect(ensureBucket(poor, wanted)).rejects.toThrow('storage.buckets.create');
    gcs.server.faults.add({ match: 'POST /storage/v1/b', action: 'status', status: 503, times: 1 });
    const error = await ensureBucket(storage, wanted).catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(StoreError);
    expect((error as StoreError).retryable).toBe(true);
  });
});
