import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import { submissionKey } from '../../contract/cloud/state-keys.ts';
import { type Submission, submissionLimit, submissionSchema } from '../../contract/cloud/submission.ts';
import { Refused } from '../errors.ts';
import type { Store } from '../stores/store.ts';

/**
 * Hands a manifest to the pipeline: this write starts it.
 * @param bucket The state bucket, as one that is only written to.
 * @throws Refused for more bytes than the pipeline takes; NotAuthorised, StoreError.
 */
export async function putSubmission(bucket: Store, place: AttemptPlace, submission: Submission): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(submissionSchema.parse(submission)));
  if (bytes.byteLength > submissionLimit) {
    throw new Refused('too-large', `${submission.file} makes a submission of ${bytes.byteLength} bytes`, {
      hint: `At most ${submissionLimit} are taken: split the collection.`,
      evidence: { bytes: bytes.byteLength, limit: submissionLimit },
    });
  }
  // Nobody else knows the ULID: what is there already was written by a try of this call that was not answered.
  await bucket.put(submissionKey(place), bytes, { ifAbsent: true }, { contentType: 'application/json' });
}
