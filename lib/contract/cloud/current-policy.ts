import { z } from 'zod';

/** Bytes of `policy/current.json` at most: the API reads no more, and refuses everybody where there is more. */
export const currentPolicyLimit = 4 << 20;

/** `policy/current.json` of the state bucket: the policy that holds, and where it is from. */
export const currentPolicySchema = z.object({
  format: z.literal(1),
  /** Of the submission that brought it: a later one has a greater ULID, and is never replaced by an earlier one. */
  attempt: z.string(),
  publisher: z.string(),
  submittedAt: z.iso.datetime(),
  commit: z.string().optional(),
  repository: z.string().optional(),
  /** Attempt of the one that it replaced; absent for the first. */
  replaces: z.string().optional(),
  /** SHA-256 of the file in Git, lowercase hex. */
  sha256: z.string().regex(/^[0-9a-f]{64}$/),
  /** The policy as it is decided by (`AccessPolicy`); its reader judges the shape. */
  policy: z.unknown(),
});
export type CurrentPolicy = z.infer<typeof currentPolicySchema>;
