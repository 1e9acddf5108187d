import { CheckpointStore } from '../state/checkpoint.ts';
import { destinationOf } from '../state/destination.ts';
import type { StateStore } from '../state/state-store.ts';
import { isCapacityLimited, type Store, StoreError } from '../stores/store.ts';

/** An object that is to come into a store. */
export interface ArrivingObject {
  readonly key: string;
  /** Bytes. */
  readonly size: number;
  /** Lowercase hex. */
  readonly sha256: string;
}

/** Why a store has no room for what is to come; undefined where it has, or does not say. */
export async function lackOfRoom(
  store: Store,
  objects: readonly ArrivingObject[],
  state: StateStore,
): Promise<StoreError | undefined> {
  if (!isCapacityLimited(store)) return undefined;
  const free = await store.freeBytes();
  const all = objects.reduce((sum, { size }) => sum + size, 0);
  if (all <= free) return undefined;
  // What an interrupted attempt wrote takes its place already.
  const needed = all - (await writtenBefore(store, objects, state));
  if (needed <= free) return undefined;
  return new StoreError(`${store.url} has ${free} bytes free; this release needs ${needed} more`, {
    hint: 'Make room, or name a store on another disk.',
    evidence: { free, needed },
  });
}

async function writtenBefore(store: Store, objects: readonly ArrivingObject[], state: StateStore): Promise<number> {
  const checkpoints = new CheckpointStore(state);
  let written = 0;
  for (const { key, size, sha256 } of objects) {
    if (size <= store.limits.singlePut) continue;
    const found = await checkpoints.load(destinationOf(store, key, state));
    if (found?.sha256 === sha256 && found.size === size) written += found.offset;
  }
  return written;
}
