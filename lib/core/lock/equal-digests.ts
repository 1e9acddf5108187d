import type { Finding, LockedArtifact } from './lock-artifact.ts';

/**
 * One warning for each artifact whose bytes an earlier one of the list has too. That can be intended, and it is
 * also how a wrong file looks that was taken for another.
 */
export function equalDigests(locked: readonly LockedArtifact[]): { index: number; finding: Finding }[] {
  const first = new Map<string, string>();
  return locked.flatMap(({ spec, sha256 }, index) => {
    if (sha256 === undefined) return [];
    const earlier = first.get(sha256.hex);
    if (earlier === undefined) {
      first.set(sha256.hex, spec.id);
      return [];
    }
    const message = `has the same content as ${earlier}; check that this is intended`;
    return [{ index, finding: { severity: 'warning', field: 'sha256', message } }];
  });
}
