import { mostUrls } from '../wire.ts';

/** Bytes of names in one request, as JSON; the API takes 256 KiB in all. */
export const mostNameBytes = 200 * 1024;

/** Bytes that a name takes in a request. */
export function nameBytes(name: string): number {
  return Buffer.byteLength(JSON.stringify(name)) + 1;
}

/** Names in lists that the API takes in one call each. */
export function* nameBatches(names: readonly string[]): Generator<readonly string[]> {
  let batch: string[] = [];
  let bytes = 0;
  for (const name of names) {
    bytes += nameBytes(name);
    if (batch.length === mostUrls || (bytes > mostNameBytes && batch.length > 0)) {
      yield batch;
      batch = [];
      bytes = nameBytes(name);
    }
    batch.push(name);
  }
  if (batch.length > 0) yield batch;
}
