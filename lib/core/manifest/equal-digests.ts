import type { Manifest } from './manifest.ts';

/** Artifacts with the same bytes, in the order of the manifest: groups of two or more ids. */
export interface EqualDigests {
  readonly sha256: string;
  readonly ids: readonly string[];
}

/** Equal digests under different ids are allowed and often a mistake in copying: `lock`, `plan` and reports name them. */
export function equalDigests(manifest: Pick<Manifest, 'artifacts'>): EqualDigests[] {
  const groups = new Map<string, string[]>();
  for (const { id, sha256 } of manifest.artifacts) {
    if (sha256 === undefined) continue;
    const group = groups.get(sha256.hex);
    if (group === undefined) groups.set(sha256.hex, [id]);
    else group.push(id);
  }
  return [...groups].filter(([, ids]) => ids.length > 1).map(([sha256, ids]) => ({ sha256, ids }));
}
