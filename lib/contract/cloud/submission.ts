import { z } from 'zod';

/** Bytes of a submission at most: a manifest of 10,000 artifacts with long names stays far below. */
export const submissionLimit = 32 << 20;

/**
 * What `submit` puts into the state bucket. Whose it is says its key alone; the rest is told in records and reports and
 * decides nothing.
 */
export const submissionSchema = z.strictObject({
  format: z.literal(1),
  kind: z.enum(['manifest', 'policy']),
  /** Path of the file in its repository, for messages. */
  file: z.string().max(1024),
  /** The file's bytes, base64. */
  content: z.base64(),
  /** This version's notes, where the manifest names a file for them. */
  notes: z
    .string()
    .max(1 << 20)
    .optional(),
  /** Of the repository: 40 or 64 hex digits. */
  commit: z
    .string()
    .regex(/^[0-9a-f]{40}(?:[0-9a-f]{24})?$/)
    .optional(),
  /** URL of the repository, without credentials. */
  repository: z.string().max(1024).optional(),
  submittedAt: z.iso.datetime(),
  /** Version of the program. */
  weighbridge: z.string(),
});
export type Submission = z.infer<typeof submissionSchema>;
