import { z } from 'zod';

/** Bytes of a submission at most: a manifest of 10,000 artifacts with long names stays far below. */
export const submissionLimit = 32 << 20;

/** Told to people at terminals, so without anything that a terminal obeys or that turns the text around. */
const line = z
  .string()
  .max(1024)
  .regex(/^[^\p{Cc}\p{Cs}\p{Zl}\p{Zp}\p{Bidi_Control}]*$/u, 'must be one line of visible characters');

/** An address with credentials would stand in public records for ever. */
const address = line.regex(/^[^@?#]*$/, 'must be an address without credentials');

/**
 * What `submit` puts into the state bucket. Whose it is says its key alone; the rest is told in records and reports and
 * decides nothing.
 */
export const submissionSchema = z.strictObject({
  format: z.literal(1),
  kind: z.enum(['manifest', 'policy']),
  /** Path of the file in its repository, for messages. */
  file: line,
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
  repository: address.optional(),
  submittedAt: z.iso.datetime(),
  /** Version of the program. */
  weighbridge: line,
});
export type Submission = z.infer<typeof submissionSchema>;
