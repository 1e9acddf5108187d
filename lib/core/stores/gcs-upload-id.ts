import { createHash } from 'node:crypto';

/** What names an upload session to another process, and tells whether it is the one that is meant. */
export interface GcsUploadId {
  /** A bearer secret. */
  readonly uri: URL;
  /** Bytes. */
  readonly size: number;
  readonly partSize: number;
  readonly mark: string;
  /** Declared at the beginning; the session can make no other object. */
  readonly crc32c: string | undefined;
}

/**
 * The session's URI with the rest in its fragment: whatever recognises and hides a session URI hides it whole, and
 * no server ever sees the fragment.
 */
export function formatUploadId(id: GcsUploadId, bucket: string, name: string): string {
  const about = new URLSearchParams({
    name: fingerprint(bucket, name),
    size: String(id.size),
    part: String(id.partSize),
    mark: id.mark,
    ...(id.crc32c === undefined ? {} : { crc32c: id.crc32c }),
  });
  const url = new URL(id.uri);
  url.hash = about.toString();
  return url.href;
}

/** Undefined for what names no session of this object at this endpoint. */
export function parseUploadId(text: string, endpoint: URL, bucket: string, name: string): GcsUploadId | undefined {
  const url = URL.parse(text);
  if (url === null || !sameService(url, endpoint)) return undefined;
  const about = new URLSearchParams(url.hash.slice(1));
  const [size, part, mark] = [Number(about.get('size')), Number(about.get('part')), about.get('mark')];
  if (about.get('name') !== fingerprint(bucket, name) || !mark) return undefined;
  if (!Number.isSafeInteger(size) || !Number.isSafeInteger(part) || size < 0 || part <= 0) return undefined;
  url.hash = '';
  return { uri: url, size, partSize: part, mark, crc32c: about.get('crc32c') ?? undefined };
}

/** A checkpoint must not be able to send weights anywhere else. */
function sameService(url: URL, endpoint: URL): boolean {
  if (url.origin === endpoint.origin) return true;
  const google = (each: URL) => each.protocol === 'https:' && each.hostname.endsWith('.googleapis.com');
  return google(url) && google(endpoint);
}

function fingerprint(bucket: string, name: string): string {
  return createHash('sha256').update(`${bucket}/${name}`).digest('hex').slice(0, 32);
}
