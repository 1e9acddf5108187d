import type { ObjectStat, Store } from './store.ts';

/** A store that keeps older versions of an object beside the current one. */
export interface Versioned {
  /** As `head`, of exactly this version or generation; undefined also where it never was. */
  headVersion(key: string, version: string): Promise<ObjectStat | undefined>;
}

export function isVersioned(store: Store): store is Store & Versioned {
  return 'headVersion' in store;
}
