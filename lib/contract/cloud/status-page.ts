import { z } from 'zod';

const count = z.number().int().nonnegative();

/** `_weighbridge/status.json` in the public mirror: how the last runs ended. Private releases are counted, never named. */
export const statusPageSchema = z.object({
  format: z.literal(1),
  updatedAt: z.iso.datetime(),
  /** Of public releases, newest first. */
  runs: z
    .array(
      z.object({
        release: z.string(),
        /** ULID. */
        attempt: z.string(),
        state: z.string(),
        ok: z.boolean(),
        finishedAt: z.iso.datetime(),
        seconds: z.number().nonnegative(),
      }),
    )
    .max(50),
  /** Of private releases, since there is such a page. */
  private: z.object({ ok: count, failed: count }),
});
export type StatusPage = z.infer<typeof statusPageSchema>;
