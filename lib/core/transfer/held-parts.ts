import { Crc32c } from '../digest/crc32c.ts';
import type { Upload } from '../stores/store.ts';

/** What an unfinished upload holds from its start, without a gap. */
export interface HeldParts {
  /** Bytes. */
  readonly offset: number;
  /** Of those bytes; undefined where the store keeps no checksums of parts. */
  readonly crc32c: Crc32c | undefined;
}

/**
 * What the store says it holds, up to `limit` bytes: its list may lack parts that it had confirmed, and parts that an
 * overtaken writer sent late may have replaced others, of which a checkpoint knows nothing. A GCS session tells only
 * how far it came; its last chunk carries the checksum of the whole.
 */
export async function heldParts(upload: Upload, limit: number): Promise<HeldParts> {
  const { partSize } = upload;
  const parts = new Map((await upload.parts()).map((part) => [part.number, part]));
  let offset = 0;
  let crc: Crc32c | undefined = Crc32c.empty;
  for (let number = 1; offset + partSize <= limit; number += 1) {
    const part = parts.get(number);
    if (part?.size !== partSize) break;
    crc = part.crc32c === '' ? undefined : crc?.concat(Crc32c.fromBase64(part.crc32c, part.size));
    offset += partSize;
  }
  return { offset, crc32c: crc };
}
