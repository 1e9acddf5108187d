import type { Finding } from './finding.ts';

/** What a store says of one artifact without sending it. */
export interface StoredChecksum {
  /** `collection@version`. */
  readonly release: string;
  readonly file: string;
  /** Base64; undefined where the store keeps none. */
  readonly crc32c: string | undefined;
}

/** By key. */
export type StoredChecksums = ReadonlyMap<string, StoredChecksum>;

export interface StoredComparison {
  readonly findings: readonly Finding[];
  /** Artifacts whose CRC32C both stores keep, and it is the same. */
  readonly equal: number;
  /** Artifacts of which one of the two stores keeps no CRC32C. */
  readonly unknown: number;
}

/** Compares what two stores keep of the same artifacts. Pure: what is missing in one of them is found elsewhere. */
export function compareStored(
  primary: { readonly url: string; readonly checksums: StoredChecksums },
  replica: { readonly url: string; readonly checksums: StoredChecksums },
): StoredComparison {
  const findings: Finding[] = [];
  let equal = 0;
  let unknown = 0;
  for (const [key, { release, file, crc32c: actual }] of replica.checksums) {
    const wanted = primary.checksums.get(key);
    if (wanted === undefined) continue;
    const expected = wanted.crc32c;
    if (expected === undefined || actual === undefined) unknown += 1;
    else if (expected === actual) equal += 1;
    else {
      const message = `${key} has not the same stored CRC32C in ${primary.url} and ${replica.url}`;
      findings.push({ store: replica.url, release, file, kind: 'replica', expected, actual, message });
    }
  }
  return { findings, equal, unknown };
}
