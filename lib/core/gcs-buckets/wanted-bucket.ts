/** A bucket in Google Cloud Storage as a deployment wants it. */
export interface WantedBucket {
  readonly name: string;
  /** Such as `EU` or `EUROPE-WEST3`; fixed once the bucket is there. */
  readonly location: string;
  readonly storageClass: string;
  /** May anybody read it? */
  readonly publicRead: boolean;
  /** Days that replaced versions are kept. */
  readonly noncurrentDays: number;
  /** Days after which an unfinished multipart upload (XML API) is ended. */
  readonly unfinishedUploadDays: number;
  /** Days that deleted objects can be brought back; 0: not at all. */
  readonly softDeleteDays: number;
  /** Origins whose pages may read it. */
  readonly cors: readonly string[];
  readonly labels: Readonly<Record<string, string>>;
  /** Name, account and region of the deployment: the label by which it knows its own buckets. */
  readonly owner: string;
  /** Members, such as `principalSet://…`, who may read, write and list objects. */
  readonly writers: readonly string[];
}

/** Label that says which deployment a bucket belongs to. */
export const ownerLabel = 'weighbridge-deployment';

const day = 86_400;

/** Fields of the JSON API's resource that follow from it; location apart, all of them can be changed later. */
export function bucketSettings(wanted: WantedBucket) {
  return {
    storageClass: wanted.storageClass,
    versioning: { enabled: true },
    iamConfiguration: {
      uniformBucketLevelAccess: { enabled: true },
      publicAccessPrevention: wanted.publicRead ? 'inherited' : 'enforced',
    },
    lifecycle: {
      rule: [
        {
          action: { type: 'AbortIncompleteMultipartUpload' as const },
          condition: { age: wanted.unfinishedUploadDays },
        },
        { action: { type: 'Delete' as const }, condition: { daysSinceNoncurrentTime: wanted.noncurrentDays } },
      ],
    },
    // Left alone it would be seven days, which are billed.
    softDeletePolicy: { retentionDurationSeconds: wanted.softDeleteDays * day },
    cors: wanted.publicRead
      ? [{ origin: [...wanted.cors], method: ['GET', 'HEAD'], responseHeader: ['*'], maxAgeSeconds: 3600 }]
      : [],
    labels: { ...wanted.labels, [ownerLabel]: wanted.owner },
  };
}
