import type { ImportedArtifact, ImportFinding } from './importer.ts';

/**
 * What an artifact lacks, for the importers whose input is silent about it: a digest, a size, a source.
 * @param subject the system's own key
 */
export function gapFindings(
  { sha256, size, sources }: Pick<ImportedArtifact, 'sha256' | 'size' | 'sources'>,
  subject: string,
): ImportFinding[] {
  const findings: ImportFinding[] = [];
  if (sources.length === 0) findings.push({ kind: 'absent-source', subject, message: 'nowhere to get it from' });
  if (sha256 === undefined) {
    findings.push({ kind: 'missing-digest', subject, message: 'no sha256: `weighbridge lock` obtains it' });
  }
  if (size === undefined) {
    findings.push({ kind: 'missing-size', subject, message: 'no size: `weighbridge lock` obtains it' });
  }
  return findings;
}
