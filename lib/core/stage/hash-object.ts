import type { Sha256 } from '../digest/sha256.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import type { StagePorts } from './stage-ports.ts';

/** Broken connections that are continued: so many for each object, and one more for each of so many bytes. */
const breaks = 4;
const oneMoreEvery = 2 ** 30;

/** How far the hash of an object has come. */
export interface HashState {
  /** Bytes that it covers. */
  readonly offset: number;
  readonly state: Uint8Array;
}

/** Keeps the hashes of large objects on their way, so that a later call goes on. */
export interface HashStates {
  /** Bytes between two states that are kept; smaller objects are hashed at once, and faster. */
  readonly every: number;
  /** Undefined where there is none of exactly this object. */
  load(stat: ObjectStat): Promise<HashState | undefined>;
  save(stat: ObjectStat, state: HashState): Promise<void>;
  clear(stat: ObjectStat): Promise<void>;
}

/**
 * Reads an object of a store, exactly the one that `stat` describes, and hashes it: the only proof that needs no trust
 * in records. Where a connection breaks the rest is asked for, since the first byte of an object of many GiB would
 * otherwise have to be read again with the last.
 */
export async function hashObject(
  store: Store,
  stat: ObjectStat,
  ports: Pick<StagePorts, 'hashes' | 'signal' | 'hashStates'>,
): Promise<Sha256> {
  const { key, size, version, etag } = stat;
  const pinned = { ...(version === undefined ? { etag } : { version }), signal: ports.signal, transient: true };
  const states = ports.hashStates !== undefined && size > ports.hashStates.every ? ports.hashStates : undefined;
  const earlier = await states?.load(stat);
  const hash = await ports.hashes.open(
    states === undefined ? { kind: 'native' } : { kind: 'resumable', ...(earlier && { state: earlier.state }) },
  );
  let left = breaks + Math.floor(size / oneMoreEvery);
  let at = earlier?.offset ?? 0;
  let kept = at;
  try {
    for (;;) {
      const from = at;
      const rest = from === 0 ? pinned : { ...pinned, range: { start: from, end: size } };
      try {
        for await (const chunk of store.read(key, rest)) {
          await hash.update(chunk);
          at += chunk.byteLength;
          if (states === undefined || at - kept < states.every || at === size) continue;
          await states.save(stat, { offset: at, state: await hash.save() });
          kept = at;
        }
        const digest = await hash.digest();
        await states?.clear(stat);
        return digest;
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
