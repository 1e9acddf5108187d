import { Sha256 } from '../digest/sha256.ts';
import { compareUtf8 } from '../utf8-order.ts';
import { canonicalJson } from './canonical-json.ts';

/** What a release is: one file, its length in bytes and its SHA-256 in lowercase hex. */
export interface ContentItem {
  readonly file: string;
  readonly size: number;
  readonly sha256: string;
}

/** The release's identity: the SHA-256 of the canonical JSON of its items, sorted by file. Labels and sources are no part of it. */
export function contentIdentity(items: readonly ContentItem[]): Sha256 {
  const content = items
    .map(({ file, size, sha256 }) => ({ file, size, sha256 }))
    .sort((a, b) => compareUtf8(a.file, b.file));
  return Sha256.ofBytes(canonicalJson(content));
}
