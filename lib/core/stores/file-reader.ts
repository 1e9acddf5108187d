import type { FileHandle } from 'node:fs/promises';
import { type ByteRange, rangeLength } from '../byte-range.ts';
import { fileError } from './file-errors.ts';
import { type ReadOptions, StoreError } from './store.ts';

/** Bytes read at a time: as fast as more. */
const chunk = 256 * 1024;

/**
 * Streams `range` of an open file and closes it. The next piece is being read while one is in use: `transient` ones
 * take turns in two buffers, where new ones for each would leave 50 MiB to the garbage collector.
 * @throws StoreError when the file ends early.
 */
export async function* readFileRange(
  file: FileHandle,
  range: ByteRange,
  key: string,
  { signal, transient = false }: Pick<ReadOptions, 'signal' | 'transient'> = {},
): AsyncGenerator<Uint8Array> {
  const size = Math.min(chunk, rangeLength(range));
  let spare: Buffer | undefined;
  let used: Buffer | undefined;
  const readAt = async (position: number): Promise<Uint8Array> => {
    const buffer = (transient ? spare : undefined) ?? Buffer.allocUnsafeSlow(size);
    [spare, used] = [used, buffer];
    const { bytesRead } = await file.read(buffer, 0, Math.min(size, range.end - position), position);
    if (bytesRead === 0) throw new StoreError(`${key} became shorter while it was read`, { evidence: { key } });
    return buffer.subarray(0, bytesRead);
  };
  let next: Promise<Uint8Array> | undefined;
  try {
    if (rangeLength(range) > 0) next = readAt(range.start);
    for (let position = range.start; next !== undefined; ) {
      signal?.throwIfAborted();
      const bytes: Uint8Array = await next;
      position += bytes.byteLength;
      next = position < range.end ? readAt(position) : undefined;
      // The consumer may leave during `yield`; a failure of the piece read ahead is then nobody's.
      next?.catch(() => undefined);
      yield bytes;
    }
  } catch (error) {
    throw signal?.aborted ? signal.reason : fileError(error, `reading ${key}`, key);
  } finally {
    await next?.catch(() => undefined);
    await file.close();
  }
}
