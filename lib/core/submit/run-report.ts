import { z } from 'zod';
import { policyReportSchema, type RunReport } from '../pipeline/policy-report.ts';
import { type Store, StoreError } from '../stores/store.ts';

/** Bytes; a report has some hundred for each artifact. */
export const reportLimit = 256 << 20;

const attempt = z.looseObject({ source: z.string(), outcome: z.string(), reason: z.string() });

const artifact = z.looseObject({
  id: z.string(),
  file: z.string(),
  state: z.enum(['present', 'copied', 'staged', 'referenced', 'failed', 'unresolved', 'skipped']),
  required: z.boolean(),
  size: z.number().nullable(),
  sha256: z.string().nullable(),
  bytesFetched: z.number(),
  seconds: z.number(),
  source: z.string().nullable(),
  attempts: z.array(attempt),
  reason: z.string().optional(),
});

const releaseState = z.enum(['published', 'present', 'degraded', 'failed', 'refused', 'superseded']);

const store = z.looseObject({
  store: z.string(),
  state: releaseState,
  requests: z.record(z.string(), z.number()),
  copied: z.looseObject({ artifacts: z.number(), bytes: z.number() }).optional(),
  reason: z.string().optional(),
});

/** `StageReport`, as handlers wrote it; what a later version adds is kept. */
const reportSchema = z.looseObject({
  ok: z.boolean(),
  run: z.string(),
  attempt: z.string(),
  collection: z.string(),
  version: z.string(),
  state: releaseState,
  published: z.boolean(),
  content: z.string().nullable(),
  artifacts: z.array(artifact),
  /** None where the submission could not be read. */
  stores: z.array(store),
  notes: z.array(z.string()),
  startedAt: z.string(),
  finishedAt: z.string(),
  error: z.object({ code: z.string(), message: z.string(), hint: z.string().optional() }).optional(),
});

const ofPolicy = z.looseObject({ kind: z.literal('policy') });

/** @throws StoreError for what is no report that this version can read. */
export function parseRunReport(bytes: Uint8Array, what: string): RunReport {
  const value = json(bytes);
  const parsed = (ofPolicy.safeParse(value).success ? policyReportSchema : reportSchema).safeParse(value);
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new StoreError(`${what} cannot be read by this version: ${issue?.path.join('.')}: ${issue?.message}`, {
      hint: 'Use the version of weighbridge that the stack was deployed with.',
    });
  }
  return parsed.data as unknown as RunReport;
}

/** Undefined while there is none. @throws StoreError, NotAuthorised (see `isNotYet`). */
export async function readRunReport(bucket: Store, key: string): Promise<RunReport | undefined> {
  const found = await bucket.get(key, reportLimit);
  return found === undefined ? undefined : parseRunReport(found.bytes, key);
}

function json(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(Buffer.from(bytes).toString('utf8'));
  } catch {
    return undefined;
  }
}
