import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

/** Bytes received between two collections. */
const every = 8 << 20;

/**
 * Keeps what the network brought from piling up. Every piece of a body is a buffer of its own, which Node gives back
 * only when it collects the youngest objects; that happens when those are many, and beside 64 KiB of bytes each piece
 * has next to no objects: 64 MiB of them would lie around in every transfer. So the collection is asked for, half a
 * millisecond each time, and the room for young objects stays as large as it is when this is called.
 * @returns To be called with the count of bytes of every piece.
 */
export function collectReceived(): (bytes: number) => void {
  setFlagsFromString('--semi-space-growth-factor=1');
  setFlagsFromString('--expose-gc');
  const collect: unknown = runInNewContext('globalThis.gc');
  if (typeof collect !== 'function') return () => {};
  let received = 0;
  return (bytes) => {
    received += bytes;
    if (received < every) return;
    received = 0;
    collect({ type: 'minor' });
  };
}
