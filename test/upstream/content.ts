import { createHash } from 'node:crypto';
import { createReadStream, statSync } from 'node:fs';
import { generateRange } from './generate-bytes.ts';

/** Something that the upstream serves: bytes by position, however large. */
export interface Content {
  /** Bytes. */
  readonly size: number;
  /** Quoted; undefined to send none. */
  readonly etag: string | undefined;
  readonly mediaType?: string;
  /** As an HTTP date. */
  readonly lastModified?: string;
  read(start: number, end: number): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

export interface ContentOptions {
  /** Quoted; of the bytes by default; null for none. */
  readonly etag?: string | null;
  readonly mediaType?: string;
  readonly lastModified?: string;
}

const pieceSize = 256 * 1024;

export function bytesContent(bytes: Uint8Array, options: ContentOptions = {}): Content {
  const own = `"${createHash('sha256').update(bytes).digest('hex').slice(0, 32)}"`;
  return {
    size: bytes.byteLength,
    ...attributes(options, own),
    *read(start, end) {
      for (let at = start; at < end; at += pieceSize) yield bytes.subarray(at, Math.min(end, at + pieceSize));
    },
  };
}

/** As `generateBytes(seed, size)`, made while it is sent: no memory for sizes of many GiB. */
export function generatedContent(seed: string, size: number, options: ContentOptions = {}): Content {
  return {
    size,
    ...attributes(options, `"generated-${createHash('sha256').update(`${seed}/${size}`).digest('hex').slice(0, 16)}"`),
    *read(start, end) {
      for (let at = start; at < end; at += pieceSize) yield generateRange(seed, at, Math.min(end, at + pieceSize));
    },
  };
}

export function fileContent(path: string, options: ContentOptions = {}): Content {
  const stat = statSync(path, { bigint: true });
  return {
    size: Number(stat.size),
    ...attributes(options, `"${stat.size}-${stat.mtimeNs}"`),
    read: (start, end) =>
      start === end ? [] : createReadStream(path, { start, end: end - 1, highWaterMark: pieceSize }),
  };
}

function attributes(options: ContentOptions, own: string) {
  return {
    etag: options.etag === null ? undefined : (options.etag ?? own),
    ...(options.mediaType === undefined ? {} : { mediaType: options.mediaType }),
    ...(options.lastModified === undefined ? {} : { lastModified: options.lastModified }),
  };
}
