import { createHash } from 'node:crypto';
import type { HashPool } from '../digest/hash-pool.ts';
import { Sha256 } from '../digest/sha256.ts';

/** Below this many bytes the way to a worker thread costs more than the hashing. */
const inlineLimit = 256 * 1024;
/** Bytes of one object that may wait for their worker. */
const backlog = 8 * 1024 * 1024;

/**
 * A SHA-256 that is fed as fast as it hashes. Bytes in ordinary memory are copied on their way to another thread; those
 * in a `SharedArrayBuffer` are not, and are the caller's again when `add` resolves.
 */
export interface PacedHash {
  /** Resolves when more may be added; at most 8 MiB wait. */
  add(chunk: Uint8Array): Promise<void>;
  digest(): Promise<Sha256>;
  /** Forgets it; harmless after `digest`. */
  drop(): void;
}

/** @param size bytes that are expected: small objects are hashed on this thread, large ones on a worker. */
export async function openPacedHash(size: number, hashes: HashPool): Promise<PacedHash> {
  if (size <= inlineLimit) {
    const hash = createHash('sha256');
    return {
      add: async (chunk) => void hash.update(chunk),
      digest: async () => Sha256.of(hash.digest('hex')),
      drop: () => undefined,
    };
  }
  const stream = await hashes.open({ kind: 'native' });
  const waiting: { readonly length: number; readonly hashed: Promise<void> }[] = [];
  let ahead = 0;
  return {
    async add(chunk) {
      const hashed = stream.update(chunk);
      if (chunk.buffer instanceof SharedArrayBuffer) return await hashed;
      hashed.catch(() => undefined); // Awaited below; until then a failure must not count as unhandled.
      waiting.push({ length: chunk.length, hashed });
      ahead += chunk.length;
      for (let first = waiting[0]; ahead > backlog && first !== undefined; first = waiting[0]) {
        await first.hashed;
        waiting.shift();
        ahead -= first.length;
      }
    },
    async digest() {
      for (const { hashed } of waiting.splice(0)) await hashed;
      return await stream.digest();
    },
    drop: () => stream.drop(),
  };
}

/**
 * The SHA-256 of a whole stream.
 * @param onProgress called with the bytes seen so far
 */
export async function hashBytes(
  bytes: AsyncIterable<Uint8Array>,
  size: number,
  hashes: HashPool,
  onProgress: (done: number) => void = () => {},
): Promise<Sha256> {
  const hash = await openPacedHash(size, hashes);
  try {
    let done = 0;
    for await (const chunk of bytes) {
      await hash.add(chunk);
      done += chunk.length;
      onProgress(done);
    }
    return await hash.digest();
  } finally {
    hash.drop();
  }
}
