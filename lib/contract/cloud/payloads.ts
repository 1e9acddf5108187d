import { z } from 'zod';

/**
 * What the states of the pipeline hand to one another: pointers, never lists that grow. Everything else lies in the
 * state bucket.
 */

const attemptPlace = {
  publisher: z.string(),
  run: z.string(),
  attempt: z.string(),
};

/** What the event rule starts an execution with. */
export const planInput = z.object({
  bucket: z.string(),
  key: z.string(),
  /** Absent where the bucket keeps no versions. */
  versionId: z.string().optional(),
  /** ARN of the execution: the same event may start two. */
  execution: z.string(),
});
export type PlanInput = z.infer<typeof planInput>;

/** What every later state gets. */
export const attemptPointer = z.object(attemptPlace);
export type AttemptPointer = z.infer<typeof attemptPointer>;

const itemsPointer = z.object({ bucket: z.string(), key: z.string(), count: z.number().int() });

/**
 * `transfer`: there are items to move. `publish`: all is there. `report`: nothing is to be done, or it was refused; the
 * report says why. `duplicate`: another execution has this attempt.
 */
export const planOutput = attemptPointer.extend({
  next: z.enum(['transfer', 'publish', 'report', 'duplicate']),
  /** With `transfer`. */
  items: itemsPointer.optional(),
});
export type PlanOutput = z.infer<typeof planOutput>;

/** One line of the items that a Distributed Map reads, and what a pass hands to the next one. */
export const passInput = attemptPointer.extend({
  item: z.number().int().nonnegative(),
  /** Passes so far, one after the other, that got no further. */
  idle: z.number().int().nonnegative().default(0),
});
export type PassInput = z.infer<typeof passInput>;

export const passOutput = passInput.extend({
  status: z.enum(['done', 'continue']),
  /** Seconds until the next pass. */
  wait: z.number().int().nonnegative(),
});
export type PassOutput = z.infer<typeof passOutput>;

/** `replicate`: replicas lack objects. `publish-replicas`: they lack records alone. `report`: there are none, or it failed. */
export const publishOutput = attemptPointer.extend({
  next: z.enum(['replicate', 'publish-replicas', 'report']),
  items: itemsPointer.optional(),
});
export type PublishOutput = z.infer<typeof publishOutput>;

/** Of the last state, or of the rule that sees an execution end without it. */
export const reportInput = z.union([
  attemptPointer.extend({
    /** What ended the states before, as Step Functions caught it. */
    error: z.object({ Error: z.string(), Cause: z.string().optional() }).optional(),
  }),
  z.object({
    /** Of the execution: `detail` of its event, which may have neither error nor cause. */
    died: z
      .object({
        executionArn: z.string(),
        status: z.string(),
        input: z.string(),
        error: z.string().nullish(),
        cause: z.string().nullish(),
      })
      .transform(({ executionArn: execution, ...more }) => ({ execution, ...more })),
  }),
]);
export type ReportInput = z.infer<typeof reportInput>;

export const reportOutput = attemptPointer.extend({
  ok: z.boolean(),
  state: z.string(),
});
export type ReportOutput = z.infer<typeof reportOutput>;
