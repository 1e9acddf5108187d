import type { AttemptPointer } from '../../contract/cloud/payloads.ts';
import { type ReplicaName, replicaName } from '../../contract/cloud/replica-rules.ts';
import { Refused, WeighbridgeError } from '../errors.ts';
import { silentReporter } from '../events.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { claimStore } from '../registry/registry-file.ts';
import { checkReplica } from '../replicate/check-replica.ts';
import { clearReplica } from '../replicate/clear-replica.ts';
import { isRecorded, type ReplicaFinding } from '../replicate/inspect-replica.ts';
import { type PrimaryRelease, readPrimary } from '../replicate/primary-release.ts';
import { publishReplica } from '../replicate/publish-replica.ts';
import { objectsOf } from '../replicate/replica-objects.ts';
import { newReplicaProgress } from '../replicate/replica-progress.ts';
import { sentences } from '../sentences.ts';
import { proofOf } from '../stage/object-proofs.ts';
import { pinObject } from '../stage/pin-object.ts';
import { requestsSince, sumOf } from '../stage/predict-requests.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import { surveyRelease } from '../stage/survey.ts';
import { type Store, StoreError } from '../stores/store.ts';
import { type Attempt, openAttempt, stagePorts } from './attempt.ts';
import {
  type PublishedDocument,
  publishedName,
  publishedSchema,
  type ReplicasDocument,
  replicaFaultName,
  replicaFaultSchema,
  replicasName,
  replicasSchema,
  replicatedName,
  replicatedSchema,
} from './attempt-documents.ts';
import { earlierCopies } from './earlier-copies.ts';
import { asState } from './pipeline-failures.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { ProgressBoard } from './progress-board.ts';

type StoreOutcome = ReplicasDocument['stores'][number];

/**
 * Writes the records of every replica that holds all of the release. One that cannot be used degrades the run; the
 * others are published.
 * @throws Unavailable when the working state or the primary does not answer.
 */
export async function publishReplicas(pointer: AttemptPointer, ports: PipelinePorts): Promise<AttemptPointer> {
  return await asState(async () => {
    const { publisher, run, attempt: id } = pointer;
    const place = { publisher, run, attempt: id };
    const attempt = await openAttempt(place, ports);
    const { records, manifest } = attempt;
    const published = await records.read(publishedName, publishedSchema);
    if (published === undefined) throw new StoreError(`attempt ${id} has published nothing, or has expired`);
    if ((await records.read(replicasName, replicasSchema)) !== undefined) return place;
    const board = new ProgressBoard(place, ports);
    board.tell({ phase: 'publish-replicas' });
    try {
      const primary = await readPrimary(attempt.store, manifest, new Map());
      const stores: StoreOutcome[] = [];
      const notes: string[] = [];
      for (const name of published.replicas) {
        stores.push(await publishOne(replicaName.parse(name), primary, { attempt, published, notes }, ports));
      }
      await records.createOnce(replicasName, { format: 1, stores, notes }, replicasSchema);
      return place;
    } finally {
      await board.close();
    }
  });
}

interface ReplicaRun {
  readonly attempt: Attempt;
  readonly published: PublishedDocument;
  readonly notes: string[];
}

async function publishOne(
  name: ReplicaName,
  primary: PrimaryRelease,
  run: ReplicaRun,
  ports: PipelinePorts,
): Promise<StoreOutcome> {
  const { attempt, published } = run;
  const { copied, failed, requests } = await copiesOf(name, attempt, published);
  const fault = await attempt.records.read(replicaFaultName(name), replicaFaultSchema);
  let url = name as string;
  let before: Store['requests'] = {};
  let store: Store | undefined;
  const outcome = (state: StoreOutcome['state'], reason?: string): StoreOutcome => ({
    store: url,
    state,
    copied,
    requests: sumOf([
      ...requests,
      store === undefined ? {} : requestsSince(before, store.requests),
    ]) as StoreOutcome['requests'],
    ...(reason === undefined ? {} : { reason }),
  });
  try {
    store = await ports.openReplica(name, attempt.manifest.access);
    if (store === undefined) throw new StoreError(`this deployment has no ${name} any more`);
    url = store.url;
    before = { ...store.requests };
    if (fault !== undefined) return outcome(fault.state, fault.reason);
    const [first] = failed;
    if (first !== undefined) return outcome('failed', first);
    const engine = stagePorts(attempt, ports, { reporter: silentReporter, signal: ports.signal });
    return outcome(await writeRecords(name, primary, store, run, engine));
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    if (fault !== undefined) return outcome(fault.state, fault.reason);
    return outcome(error instanceof Refused ? 'refused' : 'failed', sentences([error.message, error.hint]));
  }
}

/** @throws StoreError when something of the release is not there, or nobody vouches for it. */
async function writeRecords(
  name: ReplicaName,
  primary: PrimaryRelease,
  store: Store,
  { attempt, notes }: ReplicaRun,
  engine: StagePorts,
): Promise<'published' | 'present'> {
  const { artifacts } = primary.record;
  const { registry } = await claimStore(store, attempt.manifest.access, engine.clock);
  const listedBefore = registryEntry(registry, primary.collection, primary.version) !== undefined;
  const survey = await surveyRelease(store, primary, registry);
  checkReplica(primary, survey, store);
  const proofs = await earlierCopies(engine.state, attempt.place, name);
  const findings = new Map<(typeof artifacts)[number], ReplicaFinding>();
  for (const artifact of artifacts) {
    const listed = survey.objects.get(artifact.file);
    const recorded = listed !== undefined && isRecorded(survey, artifact, listed);
    const stat = listed === undefined || recorded ? listed : await pinObject(store, listed);
    if (stat === undefined || !(recorded || proofOf(proofs, stat)?.sha256 === artifact.sha256)) {
      throw new StoreError(`${artifact.file} is not in ${store.url}, or is not the object that was proven there`, {
        hint: 'Submit the same manifest again: it completes the replica.',
      });
    }
    findings.set(artifact, { kind: 'present', stat });
  }
  const objects = objectsOf(artifacts, findings, new Map());
  notes.push(...(await publishReplica(primary, store, survey, objects, engine)));
  const progress = newReplicaProgress();
  await clearReplica(primary, artifacts, true, { store, attempt: attempt.place.attempt }, engine, progress);
  notes.push(...progress.notes);
  return listedBefore ? 'present' : 'published';
}

async function copiesOf(replica: string, { records }: Attempt, { replicaItems }: PublishedDocument) {
  let artifacts = 0;
  let bytes = 0;
  const failed: string[] = [];
  const requests: StoreOutcome['requests'][] = [];
  for (const [number, item] of replicaItems.entries()) {
    if (item.replica !== replica) continue;
    const done = await records.read(replicatedName(number), replicatedSchema);
    const copies = Object.values(done?.copied ?? {}).filter((one) => one.bytes > 0);
    requests.push(done?.requests ?? {});
    artifacts += copies.length;
    bytes += copies.reduce((sum, one) => sum + one.bytes, 0);
    failed.push(...Object.entries(done?.failed ?? {}).map(([file, reason]) => `${file}: ${reason}`));
  }
  return { copied: { artifacts, bytes }, failed, requests };
}
