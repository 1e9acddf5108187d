import type { ObjectStat, Store } from '../stores/store.ts';

/**
 * What a listing shows of an object, completed: listings of S3 have neither version nor checksum, and a record made
 * from them would lose both. Costs a HEAD where the listing was thin; of a directory there is no more to know.
 * @returns undefined when the object is gone meanwhile.
 */
export async function pinObject(store: Store, listed: ObjectStat): Promise<ObjectStat | undefined> {
  const whole = listed.version !== undefined || store.kind === 'directory';
  return whole ? listed : await store.head(listed.key);
}
