import { type ReplicaName, replicasOf } from '../../contract/cloud/replica-rules.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { readRegistry } from '../registry/registry-file.ts';
import { isRecorded } from '../replicate/inspect-replica.ts';
import { type PrimaryRelease, readPrimary } from '../replicate/primary-release.ts';
import { surveyRelease } from '../stage/survey.ts';
import type { Attempt } from './attempt.ts';
import { type PublishedDocument, replicaFaultName, replicaFaultSchema } from './attempt-documents.ts';
import { tooDearToCopy } from './check-run-budgets.ts';
import { inBatches, smallArtifact } from './make-items.ts';
import type { PipelinePorts } from './pipeline-ports.ts';

export type ReplicaItems = Pick<PublishedDocument, 'replicas' | 'replicaItems' | 'notes'>;

/**
 * What the replicas of a published release lack. One that cannot be looked at now gets everything as items: whoever
 * copies finds out what it has, and whether it can be used.
 */
export async function planReplicas(attempt: Attempt, ports: PipelinePorts): Promise<ReplicaItems> {
  const { manifest, store } = attempt;
  const names = replicasOf(ports.configuration.replicas, manifest.collection);
  if (names.length === 0) return { replicas: [], replicaItems: [], notes: [] };
  const primary = await readPrimary(store, manifest, new Map());
  const replicas: string[] = [];
  const replicaItems: ReplicaItems['replicaItems'] = [];
  const notes: string[] = [];
  for (const name of names) {
    const lacking = await whatLacks(name, primary, attempt, ports);
    if (lacking === undefined) {
      notes.push(`\`replicas\` of weighbridge.yaml names ${name}, which holds no ${manifest.access} releases.`);
      continue;
    }
    replicas.push(name);
    const reason = tooDearToCopy(
      lacking.map(({ size }) => size),
      ports.configuration,
    );
    if (reason !== undefined) {
      const fault = { format: 1, state: 'refused', reason } as const;
      await attempt.records.createOnce(replicaFaultName(name), fault, replicaFaultSchema);
      continue;
    }
    const large = lacking.filter(({ size }) => size > smallArtifact).sort((a, b) => b.size - a.size);
    const small = lacking.filter(({ size }) => size <= smallArtifact);
    const groups = [...large.map((one) => [one]), ...inBatches(small, ({ size }) => size)];
    for (const group of groups) replicaItems.push({ replica: name, files: group.map(({ file }) => file) });
  }
  return { replicas, replicaItems, notes };
}

/** Undefined where there is no such replica. */
async function whatLacks(
  name: ReplicaName,
  primary: PrimaryRelease,
  { manifest }: Attempt,
  ports: PipelinePorts,
): Promise<readonly ReleaseArtifact[] | undefined> {
  const { artifacts } = primary.record;
  try {
    const store = await ports.openReplica(name, manifest.access);
    if (store === undefined) return undefined;
    const survey = await surveyRelease(store, primary, (await readRegistry(store))?.registry);
    return artifacts.filter((artifact) => {
      const listed = survey.objects.get(artifact.file);
      return listed === undefined || !isRecorded(survey, artifact, listed);
    });
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    return artifacts;
  }
}
