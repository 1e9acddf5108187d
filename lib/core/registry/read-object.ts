import { NotFound } from '../errors.ts';
import { type Store, StoreError } from '../stores/store.ts';

/**
 * The whole of a small object; undefined when there is none.
 * @param limit Bytes; a larger object is a `StoreError`, because records are never that large.
 */
export async function readObject(store: Store, key: string, limit: number): Promise<Uint8Array | undefined> {
  const chunks: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const chunk of store.read(key)) {
      size += chunk.byteLength;
      if (size > limit) throw new StoreError(`${key} of ${store.url} is larger than a record may be`);
      chunks.push(chunk);
    }
  } catch (error) {
    if (error instanceof NotFound) return undefined;
    throw error;
  }
  return Buffer.concat(chunks, size);
}
