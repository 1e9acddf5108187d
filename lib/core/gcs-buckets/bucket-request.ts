import type { Storage } from '@google-cloud/storage';
import type { GcsBucketProperties } from '../../contract/cloud/gcs-bucket-resource.ts';
import { checkBucket, deleteBucket, ensureBucket } from './ensure-bucket.ts';
import type { WantedBucket } from './wanted-bucket.ts';

/** What CloudFormation wants of a bucket. */
export interface BucketRequest {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly properties: GcsBucketProperties;
  /** Name of the bucket that the resource stands for; undefined before it was made. */
  readonly bucket: string | undefined;
}

/**
 * Does what CloudFormation wants, whatever was done of it before. The bucket's name is the resource's identity: with
 * another name CloudFormation makes that one, and has the old one deleted when the rest of the update is through.
 * @returns the name of the bucket that the resource stands for now.
 * @throws Refused, NotAuthorised, StoreError
 */
export async function serveBucketRequest(
  { type, properties, bucket }: BucketRequest,
  storage: Storage,
): Promise<string> {
  const { Name: name, Owner: owner, Existing: existing } = properties;
  if (type !== 'Delete') {
    if (existing) await checkBucket(storage, name);
    else await ensureBucket(storage, wantedBucket(properties));
    return name;
  }
  // What a failed Create left is not known by a name of ours: CloudFormation made one up.
  const made = bucket === name;
  if (made && !existing) await deleteBucket(storage, name, owner);
  return bucket ?? name;
}

function wantedBucket(properties: GcsBucketProperties): WantedBucket {
  return {
    name: properties.Name,
    location: properties.Location,
    storageClass: properties.StorageClass,
    publicRead: properties.PublicRead,
    noncurrentDays: properties.NoncurrentDays,
    unfinishedUploadDays: properties.UnfinishedUploadDays,
    softDeleteDays: properties.SoftDeleteDays,
    cors: properties.Cors,
    labels: Object.fromEntries(properties.Labels.map((label) => split(label))),
    owner: properties.Owner,
    writers: properties.Writers,
  };
}

function split(label: string): [string, string] {
  const at = label.indexOf('=');
  return [label.slice(0, at), label.slice(at + 1)];
}
