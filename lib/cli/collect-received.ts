import { getHeapStatistics, setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes received between two collections. */
const every = 4 << 20;

/** Bytes that may become old and useless before all of the memory is looked through, which takes 10 milliseconds. */
const agedAtMost = 16 << 20;

/**
 * Keeps what the network brought from piling up. Every piece of a body is a buffer of its own, which Node gives back
 * only when it collects the youngest objects; that happens when those are many, and beside 64 KiB of bytes each piece
 * has next to no objects: 64 MiB of them would lie around in every transfer. So the collection is asked for, half a
 * millisecond each time. The room for young objects, which start-up has made large, is given back once and stays
 * small, and buffers are freed at once instead of when another thread has time for it. A piece that waits through two
 * collections, because its reader is slow, counts as old: only a look through everything finds that it is no longer
 * needed, which Node by itself puts off until 70 MiB of such pieces lie around.
 * @returns To be called with the count of bytes of every piece.
 */
export function collectReceived(): (bytes: number) => void {
  for (const flag of ['--expose-gc', '--semi-space-growth-factor=1', '--no-concurrent-array-buffer-sweeping']) {
    setFlagsFromString(flag);
  }
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect !== 'function') return () => {};
  collect({ type: 'major', flavor: 'last-resort' });
  let left = held();
  let received = 0;
  return (bytes) => {
    received += bytes;
    if (received < every) return;
    received = 0;
    collect({ type: 'minor' });
    if (held() - left <= agedAtMost) return;
    collect({ type: 'major' });
    left = held();
  };
}

/** Bytes of this thread's objects and buffers. */
function held(): number {
  const { used_heap_size, external_memory } = getHeapStatistics();
  return used_heap_size + external_memory;
}
