import type { ObjectsRecord, ReleaseArtifact } from '../registry/records.ts';
import type { ObjectStat } from '../stores/store.ts';
import type { ReplicaFinding } from './inspect-replica.ts';

/**
 * What a replica's own `objects.json` says.
 * @param copied What this run brought there, by file.
 */
export function objectsOf(
  artifacts: readonly ReleaseArtifact[],
  findings: ReadonlyMap<ReleaseArtifact, ReplicaFinding>,
  copied: ReadonlyMap<string, ObjectStat>,
): ObjectsRecord {
  const objects: Record<string, ObjectsRecord[string]> = {};
  for (const artifact of artifacts) {
    const finding = findings.get(artifact);
    const stat = finding?.kind === 'present' ? finding.stat : copied.get(artifact.file);
    if (stat === undefined) throw new TypeError(`${artifact.file} is not there`);
    objects[artifact.file] = { etag: stat.etag, ...(stat.version === undefined ? {} : { version: stat.version }) };
  }
  return objects;
}
