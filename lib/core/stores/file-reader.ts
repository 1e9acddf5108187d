import type { FileHandle } from 'node:fs/promises';
import { type ByteRange, rangeLength } from '../byte-range.ts';
import { fileError } from './file-errors.ts';
import { StoreError } from './store.ts';

/** Bytes read at a time. */
const chunk = 1024 * 1024;

/**
 * Streams `range` of an open file and closes it. The next piece is being read while one is in use.
 * @throws StoreError when the file ends early.
 */
export async function* readFileRange(
  file: FileHandle,
  range: ByteRange,
  key: string,
  signal?: AbortSignal,
): AsyncGenerator<Uint8Array> {
  const readAt = async (position: number): Promise<Uint8Array> => {
    const buffer = Buffer.allocUnsafeSlow(Math.min(chunk, range.end - position));
    const { bytesRead } = await file.read(buffer, 0, buffer.length, position);
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
