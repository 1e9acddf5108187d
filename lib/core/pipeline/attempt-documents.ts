import { z } from 'zod';
import { policyChangesSchema } from '../access/policy-changes.ts';
import { stagedSchema } from './staged-document.ts';

/** What the states of one attempt leave for one another, below `runs/{run}/{attempt}/` of the working state. */

const count = z.number().int().nonnegative();
const requests = z.record(z.string(), count).default({});

/** Whose attempt it is: written first, and once. */
export const takenName = 'taken.json';
export const takenSchema = z.object({
  format: z.literal(1),
  execution: z.string(),
  publisher: z.string(),
  /** Where the submission lay, and the version of it that counts. */
  key: z.string(),
  versionId: z.string().optional(),
  takenAt: z.iso.datetime(),
});
export type TakenDocument = z.infer<typeof takenSchema>;

/** The submission as it was read then: whatever its publisher writes later changes nothing. */
export const submissionName = 'submission.json';

/** Why the run came to no release; the first one counts. */
export const outcomeName = 'outcome.json';
export const outcomeSchema = z.object({
  format: z.literal(1),
  state: z.enum(['refused', 'failed', 'superseded']),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }),
});
export type OutcomeDocument = z.infer<typeof outcomeSchema>;

const copySource = z.object({
  key: z.string(),
  size: count,
  sha256: z.string(),
  proof: z.object({ crc32c: z.string(), etag: z.string(), version: z.string().optional() }).optional(),
});

/** One artifact that is to be moved. */
export const itemEntrySchema = z.object({
  id: z.string(),
  /** Bytes; null where neither manifest nor upstream has said yet. */
  size: count.nullable(),
  /** Where in the store the same bytes are, or will be. */
  copy: copySource.optional(),
  /** It is in the store, and nobody has proven it: it is read there first. */
  prove: z.boolean().optional(),
});
export type ItemEntry = z.infer<typeof itemEntrySchema>;

/** What one pass works on. */
export const itemSchema = z.object({
  /** The upstream whose slots it takes; null where nothing is fetched from outside. */
  upstream: z.string().nullable(),
  artifacts: z.array(itemEntrySchema).min(1),
});
export type ItemDocument = z.infer<typeof itemSchema>;
export const itemName = (item: number) => `items/${item}.json`;

/** What planning found out. Its first writer decides what the items are. */
export const planName = 'plan.json';
export const planSchema = z.object({
  format: z.literal(1),
  state: z.enum(['new', 'present', 'repair']),
  items: z.array(itemSchema),
  /** Artifacts that are not to be moved: present, or not to be had. */
  settled: z.array(stagedSchema),
  notes: z.array(z.string()),
  requests,
});
export type PlanDocument = z.infer<typeof planSchema>;

/** What came of an item so far. */
export const doneName = (item: number) => `done/${item}.json`;
export const doneSchema = z.object({
  format: z.literal(1),
  finished: z.array(stagedSchema),
  /** Of unfinished artifacts, by id: bytes that passes before fetched, and how far a checkpoint had come. */
  spent: z.record(z.string(), z.object({ bytesFetched: count, seconds: z.number() })),
  furthest: z.record(z.string(), count),
  /** Seconds that passes were told to wait for an upstream, in all. */
  waited: count,
  /** Seconds that they were told to wait for their turn. */
  queued: count,
  /** What ended the last pass before its time; gone with the next one that does better. */
  fault: z.object({ code: z.string(), message: z.string() }).optional(),
  requests,
});
export type DoneDocument = z.infer<typeof doneSchema>;

export const nothingDone: DoneDocument = {
  format: 1,
  finished: [],
  spent: {},
  furthest: {},
  waited: 0,
  queued: 0,
  requests: {},
};

/** What publishing to the primary came to. */
export const publishedName = 'published.json';
export const publishedSchema = z.object({
  format: z.literal(1),
  state: z.enum(['published', 'present', 'failed']),
  content: z.string().nullable(),
  staged: z.array(stagedSchema),
  notes: z.array(z.string()),
  requests,
  /** Replicas of this release, and the items that complete them. */
  replicas: z.array(z.string()),
  replicaItems: z.array(z.object({ replica: z.string(), files: z.array(z.string()) })),
});
export type PublishedDocument = z.infer<typeof publishedSchema>;

export const replicaItemName = (item: number) => `replica-items/${item}.json`;
export const replicaItemSchema = publishedSchema.shape.replicaItems.element;

const replicaStat = z.object({
  key: z.string(),
  size: count,
  etag: z.string(),
  version: z.string().optional(),
});

/** What one item of the copies came to, by file. */
export const replicatedName = (item: number) => `replicated/${item}.json`;
export const replicatedSchema = z.object({
  format: z.literal(1),
  replica: z.string(),
  copied: z.record(z.string(), z.object({ sha256: z.string(), stat: replicaStat, bytes: count })),
  failed: z.record(z.string(), z.string()),
  furthest: z.record(z.string(), count),
  /** To the replica. */
  requests,
});
export type ReplicatedDocument = z.infer<typeof replicatedSchema>;

/** A replica that cannot be used in this attempt, and why. */
export const replicaFaultName = (replica: string) => `replica-faults/${replica}.json`;
export const replicaFaultSchema = z.object({
  format: z.literal(1),
  state: z.enum(['failed', 'refused']),
  reason: z.string(),
});
export type ReplicaFault = z.infer<typeof replicaFaultSchema>;

/** What publishing to the replicas came to, as the report has it. */
export const replicasName = 'replicas.json';
export const replicasSchema = z.object({
  format: z.literal(1),
  stores: z.array(
    z.object({
      store: z.string(),
      state: z.enum(['published', 'present', 'failed', 'refused']),
      copied: z.object({ artifacts: count, bytes: count }),
      requests,
      reason: z.string().optional(),
    }),
  ),
  notes: z.array(z.string()),
});
export type ReplicasDocument = z.infer<typeof replicasSchema>;

/**
 * What a submitted policy came to. It is kept before the swap, under the attempt whose policy it is to replace: after a
 * swap that nobody lived to tell of, only this still says what changed.
 */
export const policyOver = (before: string | undefined) => `policy/over-${before ?? 'nothing'}.json`;
/** The same, of the swap that came to be. */
export const policyName = 'policy/result.json';
export const policyResultSchema = z.object({
  format: z.literal(1),
  /** `present`: the policy before had the same bytes. */
  state: z.enum(['published', 'present']),
  /** Lowercase hex. */
  sha256: z.string(),
  grants: count,
  principals: count,
  changes: policyChangesSchema,
  /** Warnings of the file, one line each. */
  notes: z.array(z.string()),
});
export type PolicyResult = z.infer<typeof policyResultSchema>;
