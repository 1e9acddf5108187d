import { z } from 'zod';
import type { StateStore } from '../state/state-store.ts';

/** Below it lie the hashes of objects that are being proven. */
export const hashingPrefix = 'hashing/';

const position = z.object({ key: z.string(), offset: z.number().int().nonnegative() });

/**
 * The working state as one pass uses it: before every checkpoint `check` is asked, which may end the pass, and how
 * far each object has come is noted.
 * @param furthest Bytes by key of the object; grows.
 */
export function watchedWork(work: StateStore, check: () => Promise<void>, furthest: Map<string, number>): StateStore {
  return {
    location: work.location,
    shared: work.shared,
    get requests() {
      return work.requests ?? {};
    },
    now: () => work.now(),
    read: (name) => work.read(name),
    remove: (name, ifMatch) => work.remove(name, ifMatch),
    list: (prefix) => work.list(prefix),
    async write(name, text, condition) {
      if (!name.startsWith('checkpoints/') && !name.startsWith(hashingPrefix))
        return await work.write(name, text, condition);
      await check();
      const tag = await work.write(name, text, condition);
      const { key, offset } = position.parse(JSON.parse(text));
      if (tag !== undefined) furthest.set(key, Math.max(offset, furthest.get(key) ?? 0));
      return tag;
    },
  };
}
