import { z } from 'zod';

/**
 * `detail` of the event that the end of a run puts on the default bus. Names and ids alone: rules write them into
 * messages without escaping, and the reasons are in the report.
 */
export const runEndedSchema = z.object({
  /** `cloud.name`. */
  deployment: z.string(),
  publisher: z.string(),
  run: z.string(),
  attempt: z.string(),
  /** COLLECTION@VERSION; null where the submission could not be read. */
  release: z.string().nullable(),
  access: z.enum(['public', 'private']).nullable(),
  /** `published`, `present`, `degraded`, `failed`, `refused`, `superseded`. */
  state: z.string(),
  ok: z.boolean(),
});
export type RunEnded = z.infer<typeof runEndedSchema>;
