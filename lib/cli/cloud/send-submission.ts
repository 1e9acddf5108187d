import { readFile } from 'node:fs/promises';
import { resolve } from 'node:path';
import { ciRoleName } from '../../contract/cloud/resource-names.ts';
import type { AttemptPlace } from '../../contract/cloud/state-keys.ts';
import type { Submission } from '../../contract/cloud/submission.ts';
import { Sha256 } from '../../core/digest/sha256.ts';
import { NotAuthorised, UsageError } from '../../core/errors.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import type { StateStore } from '../../core/state/state-store.ts';
import type { Store } from '../../core/stores/store.ts';
import type { ChosenPublisher } from '../../core/submit/choose-publisher.ts';
import { isRefusedLook } from '../../core/submit/not-yet.ts';
import { putSubmission } from '../../core/submit/put-submission.ts';
import type { SentFiles } from '../../core/submit/sent-files.ts';
import { rememberRun } from '../../core/submit/submitted-runs.ts';
import type { CommandContext } from '../command-context.ts';
import { packageVersion } from '../package-version.ts';
import type { CloudPlace } from './cloud-place.ts';
import type { FileOrigin } from './file-origin.ts';
import type { AwaitedRun } from './wait-for-runs.ts';

/** What all files of one command share. */
export interface Submitting {
  readonly place: CloudPlace;
  readonly publisher: ChosenPublisher;
  /** The state bucket, for who may read in it. */
  readonly bucket: Store;
  /** The same, for who may only write. */
  readonly inbox: Store;
  /** Of this machine. */
  readonly state: StateStore;
  readonly sent: SentFiles;
  readonly signal: AbortSignal;
}

/** A file that passed every check that can be made here. */
export interface SubmittedFile {
  readonly kind: Submission['kind'];
  /** As the user wrote it. */
  readonly file: string;
  /** Of what was checked. */
  readonly sha256: Sha256;
  readonly origin: FileOrigin;
  readonly attempt: AttemptPlace;
  /** `collection@version`, or `access policy`. */
  readonly release: string;
}

/** Sends a file to the pipeline, which starts its run, and remembers it. @throws UsageError for one that changed since. */
export async function sendSubmission(
  context: CommandContext,
  { kind, file, sha256, origin, attempt, release }: SubmittedFile,
  submitting: Submitting,
): Promise<AwaitedRun> {
  const { bucket, state } = submitting;
  const content = await readFile(resolve(context.cwd, file));
  if (!Sha256.ofBytes(content).equals(sha256)) {
    throw new UsageError(`${file} was changed while it was submitted`, { hint: 'Submit it again.' });
  }
  const submittedAt = context.clock.now().toISOString();
  const submission: Submission = {
    format: 1,
    kind,
    file: escapeUnsafe(origin.file).slice(0, 1024),
    content: content.toString('base64'),
    ...(origin.commit === undefined ? {} : { commit: origin.commit }),
    ...(origin.repository === undefined ? {} : { repository: origin.repository.slice(0, 1024) }),
    submittedAt,
    weighbridge: packageVersion(),
  };
  await asPublisher(submitting, () => putSubmission(submitting.inbox, attempt, submission));
  await rememberRun(state, { ...attempt, bucket: bucket.url, release, submittedAt }).catch(() => {
    // It runs all the same; RUN/ATTEMPT, which is printed, finds it too.
  });
  return { ...attempt, release };
}

/** The bucket's own hint would be to grant a right: a publisher has a role that has it. */
export async function asPublisher<T>({ place, publisher }: Submitting, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!isRefusedLook(error)) throw error;
    const { name, rolePrefix } = place.deployment.cloud;
    const role = ciRoleName('submit', publisher.name, { name, region: place.region }, rolePrefix);
    throw new NotAuthorised(`these credentials may not submit as ${publisher.name}`, {
      cause: error,
      hint: `Use those of the role ${role}, which \`cdk deploy\` printed, or name another publisher with --publisher.`,
    });
  }
}
