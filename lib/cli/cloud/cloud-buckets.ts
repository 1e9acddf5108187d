import type { BucketPurpose } from '../../contract/cloud/resource-names.ts';
import { parseBucketUrl } from '../../core/stores/bucket-url.ts';
import type { Store } from '../../core/stores/store.ts';
import { createBucketAccess, type OpenedBucketAccess } from '../bucket-access.ts';
import { collectReceived } from '../collect-received.ts';
import type { CommandContext } from '../command-context.ts';
import { bucketUrl, type CloudPlace } from './cloud-place.ts';

const purposes = ['public', 'private', 'state'] as const;

/** Connections to the buckets of a deployment, which are in its region whatever the environment says. */
export interface CloudBuckets {
  readonly access: OpenedBucketAccess;
  /** The state bucket, for who may read in it. */
  state(): Promise<Store>;
  /** The state bucket, for who may only write into it. */
  inbox(): Promise<Store>;
  /** A mirror. */
  mirror(access: 'public' | 'private'): Promise<Store>;
}

export function cloudBuckets(context: CommandContext, place: CloudPlace): CloudBuckets {
  const { configuration, environment, clock } = context;
  const buckets: Record<string, object> = { ...configuration.buckets };
  for (const purpose of purposes) {
    const url = bucketUrl(place, purpose);
    buckets[url] = { region: place.region, ...buckets[url] };
  }
  let collecting: ((bytes: number) => void) | undefined;
  const access = createBucketAccess(environment, { ...configuration, buckets }, () => {
    collecting ??= collectReceived();
    return collecting;
  });
  async function open(purpose: BucketPurpose, writeOnly: boolean): Promise<Store> {
    const url = bucketUrl(place, purpose);
    const { openBucket } = await import('../../core/stores/open-bucket.ts');
    const parsed = parseBucketUrl(url);
    if (parsed === undefined) throw new TypeError(`${url} is no bucket`);
    return await openBucket(url, parsed, { buckets: access, clock, writeOnly });
  }
  return {
    access,
    state: () => open('state', false),
    inbox: () => open('state', true),
    mirror: (access) => open(access, false),
  };
}
