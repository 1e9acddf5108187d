import type { Sha256 } from '../digest/sha256.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/** Broken connections that are continued: so many for each object, and one more for each of so many bytes. */
const breaks = 4;
const oneMoreEvery = 2 ** 30;

/**
 * Reads an object of a store, exactly the one that `stat` describes, and hashes it: the only proof that needs no trust
 * in records. Where a connection breaks the rest is asked for, since the first byte of an object of many GiB would
 * otherwise have to be read again with the last.
 */
export async function hashObject(
  store: Store,
  stat: ObjectStat,
  ports: Pick<StagePorts, 'hashes' | 'signal'>,
): Promise<Sha256> {
  const { key, size, version, etag } = stat;
  const pinned = { ...(version === undefined ? { etag } : { version }), signal: ports.signal, transient: true };
  const hash = await ports.hashes.open({ kind: 'native' });
  let left = breaks + Math.floor(size / oneMoreEvery);
  let at = 0;
  try {
    for (;;) {
      const from = at;
      const rest = from === 0 ? pinned : { ...pinned, range: { start: from, end: size } };
      try {
        for await (const chunk of store.read(key, rest)) {
          await hash.update(chunk);
          at += chunk.byteLength;
        }
        return await hash.digest();
      } catch (error) {
        ports.signal.throwIfAborted();
        // Before the first byte the store itself has tried for as long as it makes sense.
        const goesOn = error instanceof WeighbridgeError && error.retryable && at > from && at < size && left > 0;
        if (!goesOn) throw error;
        left -= 1;
      }
    }
  } finally {
    hash.drop();
  }
}
