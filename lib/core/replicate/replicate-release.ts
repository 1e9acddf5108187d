import type { Access } from '../manifest/manifest.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import { lackOfRoom } from '../stage/check-room.ts';
import { forgetLost } from '../stage/forget-lost.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import { isConfigured } from '../stores/store.ts';
import { checkReplica, checkSizes } from './check-replica.ts';
import { clearReplica } from './clear-replica.ts';
import { copyArtifacts, type ReplicaRequest } from './copy-artifacts.ts';
import { inspectReplica, type ReplicaFinding } from './inspect-replica.ts';
import type { PrimaryRelease } from './primary-release.ts';
import { publishReplica } from './publish-replica.ts';
import { objectsOf } from './replica-objects.ts';
import type { ReplicaProgress } from './replica-progress.ts';

/**
 * Makes one replica hold a release as the primary does: claims the store, copies what it lacks, writes the records.
 * A replica that is complete costs a LIST per 1,000 keys and four reads. Nothing is ever overwritten.
 * @throws Refused for another access class or other content; StoreError, NotAuthorised, MirrorDamaged for what the
 * store does; the signal's reason. Checkpoints stay, and a later call completes it.
 */
export async function replicateRelease(
  primary: PrimaryRelease,
  access: Access,
  request: ReplicaRequest,
  ports: StagePorts,
  progress: ReplicaProgress,
): Promise<void> {
  const { store } = request;
  const { collection, version, record } = primary;
  const { registry } = await claimStore(store, access, ports.clock);
  progress.listedBefore = registryEntry(registry, collection, version) !== undefined;
  const survey = await surveyRelease(store, primary, registry);
  checkReplica(primary, survey, store);
  progress.published = progress.listedBefore && survey.release !== undefined;
  const findings = await inspectReplica(primary, store, survey, ports);
  const wanted = record.artifacts.filter((artifact) => findings.get(artifact)?.kind === 'absent');
  checkSizes(store, wanted);
  // What makes a mirror there worth less; asked only where something is to be written.
  if (!progress.published && isConfigured(store)) progress.notes.push(...(await store.checkSettings()));
  announce(wanted, findings, request, ports, progress);
  const full = await lackOfRoom(
    store,
    wanted.map(({ path, size, sha256 }) => ({ key: path, size, sha256 })),
    ports.state,
  );
  if (full !== undefined) throw full;
  const kept = wanted.length > 0 ? await forgetLost(store, primary, survey) : survey;
  const copied = await copyArtifacts(primary, wanted, request, ports, progress);
  if (progress.failed.length > 0) return await clearReplica(primary, wanted, false, request, ports, progress);
  if (survey.release !== undefined && wanted.length > 0) {
    progress.notes.push(`Objects that were gone from a published release in ${store.url} were put back.`);
  }
  const objects = objectsOf(record.artifacts, findings, copied);
  progress.notes.push(...(await publishReplica(primary, store, kept, objects, ports)));
  progress.published = true;
  await clearReplica(primary, record.artifacts, true, request, ports, progress);
}

/** Says how much there is to do, and what needs nothing or cannot be helped. */
function announce(
  wanted: readonly ReleaseArtifact[],
  findings: ReadonlyMap<ReleaseArtifact, ReplicaFinding>,
  { store }: ReplicaRequest,
  { reporter }: StagePorts,
  progress: ReplicaProgress,
): void {
  reporter.emit({ type: 'planned', artifacts: wanted.length, bytes: wanted.reduce((sum, { size }) => sum + size, 0) });
  for (const [{ id, file, size }, finding] of findings) {
    if (finding.kind === 'present') reporter.emit({ type: 'artifact-finished', id, state: 'present', bytes: size });
    if (finding.kind !== 'damaged') continue;
    const { reason } = finding;
    progress.failed.push({ file, reason });
    reporter.emit({ type: 'artifact-finished', id, state: 'failed', bytes: 0, reason: `${store.url}: ${reason}` });
  }
}
