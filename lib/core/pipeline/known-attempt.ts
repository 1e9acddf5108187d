import type { z } from 'zod';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import { type Submission, submissionSchema } from '../../contract/cloud/submission.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ArtifactSpec, Manifest } from '../manifest/manifest.ts';
import { registryEntry } from '../registry/registry-entry.ts';
import { readRegistry } from '../registry/registry-file.ts';
import type { Store } from '../stores/store.ts';
import { parseSubmitted } from './attempt.ts';
import {
  type OutcomeDocument,
  outcomeName,
  outcomeSchema,
  type PlanDocument,
  type PolicyResult,
  type PublishedDocument,
  planName,
  planSchema,
  policyName,
  policyResultSchema,
  publishedName,
  publishedSchema,
  type ReplicasDocument,
  replicasName,
  replicasSchema,
  submissionName,
  type TakenDocument,
  takenName,
  takenSchema,
} from './attempt-documents.ts';
import { AttemptRecords } from './attempt-records.ts';
import type { PipelinePorts } from './pipeline-ports.ts';
import { heldPolicy } from './publish-policy.ts';
import { readSubmission } from './read-submission.ts';

/** Whatever can be known of an attempt, however early it ended. */
export interface KnownAttempt {
  readonly place: AttemptPlace;
  readonly records: AttemptRecords;
  readonly taken: TakenDocument | undefined;
  readonly submission: Submission | undefined;
  /** Was the submission found to be allowed? */
  readonly accepted: boolean;
  readonly manifest: Manifest | undefined;
  readonly specs: ReadonlyMap<string, ArtifactSpec>;
  readonly store: Store | undefined;
  /** Is the release readable from the primary now, as far as its publisher may know? */
  readonly listed: boolean;
  readonly plan: PlanDocument | undefined;
  readonly outcome: OutcomeDocument | undefined;
  readonly published: PublishedDocument | undefined;
  readonly replicas: ReplicasDocument | undefined;
  /** Of an access policy: what came of it, where it came to hold. */
  readonly policy: PolicyResult | undefined;
}

/** Reads what there is. What is damaged or refused counts as unknown. @throws StoreError when the state does not answer. */
export async function readKnownAttempt(place: AttemptPlace, ports: PipelinePorts): Promise<KnownAttempt> {
  const records = new AttemptRecords(ports.work, place);
  const read = <T>(name: string, schema: z.ZodType<T>) => ifKnown(() => records.read(name, schema));
  const taken = await read(takenName, takenSchema);
  const accepted = await read(submissionName, submissionSchema);
  const submission = accepted ?? (taken && (await ifKnown(() => readSubmission(ports.state, taken))));
  const manifested = submission?.kind === 'manifest' ? submission : undefined;
  const submitted = manifested && (await ifKnown(async () => parseSubmitted(manifested, ports.configuration)));
  const manifest = submitted?.manifest;
  const store = manifest && (await ifKnown(() => ports.openPrimary(manifest.access)));
  // Of what was not accepted its publisher need not learn whether it is there.
  const mayKnow = manifest && store && accepted !== undefined;
  const listed = mayKnow && (await ifKnown(() => isListed(manifest, store)));
  return {
    place,
    records,
    taken,
    submission,
    accepted: accepted !== undefined,
    manifest,
    specs: new Map(manifest?.artifacts.map((spec) => [spec.id, spec])),
    store,
    listed: listed ?? false,
    plan: await read(planName, planSchema),
    outcome: await read(outcomeName, outcomeSchema),
    published: await read(publishedName, publishedSchema),
    replicas: await read(replicasName, replicasSchema),
    policy: accepted?.kind === 'policy' ? await policyResult(place, records, ports) : undefined,
  };
}

async function policyResult(
  place: AttemptPlace,
  records: AttemptRecords,
  { state }: PipelinePorts,
): Promise<PolicyResult | undefined> {
  const known = await ifKnown(() => records.read(policyName, policyResultSchema));
  return known ?? (await ifKnown(() => heldPolicy(place, records, state)));
}

async function isListed({ collection, version }: Manifest, store: Store): Promise<boolean> {
  try {
    return registryEntry((await readRegistry(store))?.registry, collection, version) !== undefined;
  } catch (error) {
    // The report is more than this one line of it, and its writer may not be allowed to look.
    if (!(error instanceof WeighbridgeError)) throw error;
    return false;
  }
}

/** Undefined for what is damaged, refused or not allowed; what may answer the next time is thrown. */
export async function ifKnown<T>(read: () => Promise<T>): Promise<T | undefined> {
  try {
    return await read();
  } catch (error) {
    if (!(error instanceof WeighbridgeError) || error.retryable) throw error;
    return undefined;
  }
}
