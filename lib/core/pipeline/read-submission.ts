import type { PlanInput } from '../../contract/cloud/payloads.ts';
import { type Submission, submissionLimit, submissionSchema } from '../../contract/cloud/submission.ts';
import { NotFound, Refused } from '../errors.ts';
import type { Store } from '../stores/store.ts';

/** Reads exactly the version that the event is about. @throws Refused when it is no submission. */
export async function readSubmission(
  state: Store,
  { key, versionId }: Pick<PlanInput, 'key' | 'versionId'>,
): Promise<Submission> {
  const bytes = await readLimited(state, key, versionId);
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch (cause) {
    throw noSubmission(key, 'it is no JSON', cause);
  }
  const parsed = submissionSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  throw noSubmission(key, `${issue?.path.join('.') ?? ''}: ${issue?.message ?? ''}`, parsed.error);
}

async function readLimited(state: Store, key: string, version: string | undefined): Promise<Uint8Array> {
  const pieces: Uint8Array[] = [];
  let size = 0;
  try {
    for await (const piece of state.read(key, version === undefined ? {} : { version })) {
      size += piece.byteLength;
      if (size > submissionLimit) throw noSubmission(key, `it has more than ${submissionLimit} bytes`);
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof NotFound) throw noSubmission(key, 'it is gone', error);
    throw error;
  }
  return Buffer.concat(pieces);
}

function noSubmission(key: string, why: string, cause?: unknown): Refused {
  return new Refused('wrong-submission', `${key} is no submission: ${why}`, {
    cause,
    hint: 'Submit it with the same version of Weighbridge as is deployed.',
  });
}
