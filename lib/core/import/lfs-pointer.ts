/** What Git keeps in the place of a large file (https://github.com/git-lfs/git-lfs/blob/main/docs/spec.md). */
export interface LfsPointer {
  /** Lowercase hex: the digest of the file that it stands for. */
  readonly sha256: string;
  /** Bytes of that file. */
  readonly size: number;
}

/** A pointer is shorter than this, by its specification. */
export const longestPointer = 1024;

/** What a pointer says; undefined for any other text, and for a pointer without both. Line endings do not matter. */
export function parseLfsPointer(text: string): LfsPointer | undefined {
  if (!text.startsWith('version https://git-lfs.github.com/spec/') || text.length > longestPointer) return undefined;
  const sha256 = /^oid sha256:([0-9a-f]{64})\r?$/m.exec(text)?.[1];
  const size = Number(/^size (\d{1,16})\r?$/m.exec(text)?.[1] ?? Number.NaN);
  return sha256 === undefined || !Number.isSafeInteger(size) ? undefined : { sha256, size };
}
