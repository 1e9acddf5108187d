import { z } from 'zod';

const count = z.number().int().nonnegative();

/** What is being moved by one item now. */
export const itemProgress = z.object({
  /** Artifacts of the item that are done, failed ones included. */
  finished: count,
  failed: count,
  /** Bytes that are in the store, of finished artifacts and of those under way. */
  bytes: count,
  /** Artifacts under way: id, bytes done, bytes in all. */
  active: z.array(z.object({ id: z.string(), done: count, total: count.nullable() })).max(16),
  /** Why it waits, where it does. */
  waiting: z.string().optional(),
});
export type ItemProgress = z.infer<typeof itemProgress>;

/** `progress.json` of an attempt, replaced by compare-and-swap; every handler writes its own item. */
export const progressSchema = z.object({
  format: z.literal(1),
  release: z.string(),
  access: z.enum(['public', 'private']),
  phase: z.enum(['plan', 'transfer', 'publish', 'replicate', 'publish-replicas', 'report', 'ended']),
  /** Artifacts of the release, and bytes of those that are to be moved. */
  artifacts: count,
  toMove: z.object({ artifacts: count, bytes: count }).nullable(),
  items: z.record(z.string(), itemProgress),
  /** The latest lines for people, oldest first. */
  notes: z.array(z.string()).max(50),
  startedAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
});
export type Progress = z.infer<typeof progressSchema>;
