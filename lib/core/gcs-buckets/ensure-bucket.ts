import type { Bucket, Storage } from '@google-cloud/storage';
import { Refused } from '../errors.ts';
import { StoreError } from '../stores/store.ts';
import { ensureMembers } from './ensure-members.ts';
import { codeOf, problemOf } from './google-fault.ts';
import { bucketSettings, ownerLabel, type WantedBucket } from './wanted-bucket.ts';

/** Swaps that somebody else may win before it counts as a fault. */
const rounds = 5;

/**
 * Makes a bucket be there as it is wanted, whatever was there before; may be called again at any time. A bucket that
 * another deployment made, or a person, is never touched.
 * @throws Refused when the name is taken by somebody else's bucket, or the bucket is at another location.
 * @throws NotAuthorised, StoreError
 */
export async function ensureBucket(storage: Storage, wanted: WantedBucket): Promise<'created' | 'updated'> {
  const bucket = storage.bucket(wanted.name);
  const created = await create(storage, wanted);
  if (!created) await adopt(bucket, wanted);
  await ensureMembers(bucket, wanted);
  return created ? 'created' : 'updated';
}

/**
 * Is a bucket there that the operator made?
 * @throws Refused when it is not; NotAuthorised, StoreError
 */
export async function checkBucket(storage: Storage, name: string): Promise<void> {
  const found = await asked(name, () => storage.bucket(name).getMetadata());
  if (found === undefined) {
    throw new Refused('bucket', `gs://${name} is to be there already, and is not`, {
      hint: 'Make it, or leave `existing` out, so that the deployment makes it.',
    });
  }
}

/**
 * Deletes an empty bucket of this deployment. One that is gone is fine; one of somebody else is left alone.
 * @throws Refused when objects are in it: nothing is ever emptied.
 */
export async function deleteBucket(storage: Storage, name: string, owner: string): Promise<'deleted' | 'left'> {
  const bucket = storage.bucket(name);
  const found = await asked(name, () => bucket.getMetadata());
  if (found === undefined || found[0].labels?.[ownerLabel] !== owner) return 'left';
  try {
    await bucket.delete();
  } catch (error) {
    if (codeOf(error) === 404) return 'left';
    if (codeOf(error) !== 409) throw problemOf(name, error);
    throw new Refused('bucket', `gs://${name} is not empty, and is not deleted`, {
      hint: 'Empty it by hand, all versions of objects too, or take `deleteBuckets` back to keep it.',
    });
  }
  return 'deleted';
}

async function create(storage: Storage, wanted: WantedBucket): Promise<boolean> {
  try {
    await storage.createBucket(wanted.name, { ...bucketSettings(wanted), location: wanted.location });
    return true;
  } catch (error) {
    if (codeOf(error) === 409) return false;
    throw problemOf(wanted.name, error);
  }
}

async function adopt(bucket: Bucket, wanted: WantedBucket): Promise<void> {
  const { name, owner, location } = wanted;
  for (let round = 0; round < rounds; round += 1) {
    const found = await asked(name, () => bucket.getMetadata());
    // Names are of all the world: one that is taken and cannot be seen is somebody else's.
    if (found === undefined) throw taken(name);
    const [{ labels, metageneration, location: there }] = found;
    if (labels?.[ownerLabel] !== owner) throw taken(name);
    if (there?.toUpperCase() !== location.toUpperCase()) {
      throw new Refused('bucket', `gs://${name} is at ${there}, and cannot be moved to ${location}`, {
        hint: 'Name another bucket, or keep the location.',
      });
    }
    try {
      const { storageClass: _, ...settings } = bucketSettings(wanted);
      // A label that is no longer wanted goes by being null.
      const gone = Object.keys(labels).filter((label) => !(label in settings.labels));
      const changes = {
        ...settings,
        labels: { ...Object.fromEntries(gone.map((label) => [label, null])), ...settings.labels },
      };
      await bucket.setMetadata(
        { ...changes, storageClass: wanted.storageClass },
        { ifMetagenerationMatch: Number(metageneration) },
      );
      return;
    } catch (error) {
      if (codeOf(error) !== 412) throw problemOf(name, error);
    }
  }
  throw new StoreError(`the settings of gs://${name} were changed by others each time`, { retryable: true });
}

function taken(name: string): Refused {
  return new Refused('bucket', `gs://${name} belongs to somebody else, or to another deployment`, {
    hint: 'Name another bucket; or, if it is yours, say `existing: true`, and it is used as it is.',
  });
}

/** Undefined when there is no such bucket. */
async function asked<T>(name: string, ask: () => Promise<T>): Promise<T | undefined> {
  try {
    return await ask();
  } catch (error) {
    if (codeOf(error) === 404) return undefined;
    throw problemOf(name, error);
  }
}
