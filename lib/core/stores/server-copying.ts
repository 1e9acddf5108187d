import type { ObjectAttributes, ObjectStat, PutResult, Store } from './store.ts';

/** A store that copies between its own keys without any byte passing through this process. */
export interface ServerCopying {
  /**
   * As `copyWithin`, of any size, proven: the copy becomes visible only if its CRC32C is the one given.
   * @param crc32c Base64, of the whole object.
   * @param signal Ends a copy that may take an hour: nothing of it stays.
   */
  copyProven(
    from: ObjectStat,
    toKey: string,
    crc32c: string,
    attributes: ObjectAttributes,
    signal?: AbortSignal,
  ): Promise<PutResult>;
}

export function isServerCopying(store: Store): store is Store & ServerCopying {
  return 'copyProven' in store;
}
