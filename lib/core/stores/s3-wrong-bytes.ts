import { Crc32c } from '../digest/crc32c.ts';
import { StoreError } from './store.ts';

/** Amazon's and versitygw's code, and MinIO's. */
const refusals: ReadonlySet<string> = new Set(['BadDigest', 'XAmzContentChecksumMismatch']);

/**
 * What to throw when the server counted another checksum than it was sent; undefined for any other error. Bytes that
 * the wire changed may arrive whole the next time; bytes that changed here will not.
 * @param what names what was sent
 * @param crc32c base64, as it was sent
 */
export function wrongBytes(error: unknown, what: string, bytes: Uint8Array, crc32c: string): StoreError | undefined {
  if (!(error instanceof Error) || !refusals.has(error.name)) return undefined;
  const retryable = Crc32c.ofBytes(bytes).base64 === crc32c;
  return new StoreError(`${what} did not arrive with the checksum that it was sent with`, { retryable });
}
