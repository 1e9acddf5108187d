import { readFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { resolve } from 'node:path';
import { ulid } from 'ulid';
import { ciRoleName } from '../../contract/cloud/resource-names.ts';
import type { Submission } from '../../contract/cloud/submission.ts';
import { HashPool } from '../../core/digest/hash-pool.ts';
import { Sha256 } from '../../core/digest/sha256.ts';
import { NotAuthorised, UsageError } from '../../core/errors.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { defaultRetryPolicy } from '../../core/retry.ts';
import { openSource } from '../../core/sources/open-source.ts';
import { runId } from '../../core/stage/run-progress.ts';
import type { StateStore } from '../../core/state/state-store.ts';
import type { Store } from '../../core/stores/store.ts';
import { checkSubmission } from '../../core/submit/check-submission.ts';
import type { ChosenPublisher } from '../../core/submit/choose-publisher.ts';
import { isRefusedLook } from '../../core/submit/not-yet.ts';
import { putSubmission } from '../../core/submit/put-submission.ts';
import { sendToInbox } from '../../core/submit/send-to-inbox.ts';
import type { SentFiles } from '../../core/submit/sent-files.ts';
import { rememberRun } from '../../core/submit/submitted-runs.ts';
import { MemoryBudget } from '../../core/transfer/memory-budget.ts';
import type { CommandContext } from '../command-context.ts';
import { packageVersion } from '../package-version.ts';
import { sourcePorts } from '../source-ports.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import { bucketUrl, type CloudPlace, ownBuckets } from './cloud-place.ts';
import type { FileOrigin } from './file-origin.ts';
import type { AwaitedRun } from './wait-for-runs.ts';

/** As for staging: the window of one large object. */
const bufferBytes = 72 << 20;
const rangesPerObject = 8;

/** What all manifests of one command share. */
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

/** A manifest that passed every check that can be made here. */
export interface CheckedManifest {
  readonly loaded: LoadedManifest;
  readonly origin: FileOrigin;
}

/** @throws Refused, UsageError for what the pipeline would refuse. */
export function checkManifest(
  context: CommandContext,
  { loaded, origin }: CheckedManifest,
  submitting: Submitting,
): void {
  const { place, publisher } = submitting;
  checkSubmission(loaded.manifest, publisher, place.deployment, ownBuckets(place));
  for (const note of loaded.warnings) context.say(`note: ${note}`);
  if (origin.changed) context.say(`note: ${loaded.file} differs from what is committed, so that no commit is recorded`);
}

/** Sends the files that a manifest names, then the manifest itself, which starts the run. */
export async function submitManifest(
  context: CommandContext,
  { loaded, origin }: CheckedManifest,
  submitting: Submitting,
): Promise<AwaitedRun> {
  const { place, publisher, bucket, state } = submitting;
  const { manifest } = loaded;
  const { collection, version, access } = manifest;
  const run = runId(loaded.sha256, bucketUrl(place, access));
  const attempt = { publisher: publisher.name, run, attempt: ulid() };
  await asPublisher(submitting, () => sendFiles(context, loaded, attempt.attempt, submitting));
  const content = await readFile(resolve(context.cwd, loaded.file));
  if (!Sha256.ofBytes(content).equals(loaded.sha256)) {
    throw new UsageError(`${loaded.file} was changed while its files were sent`, { hint: 'Submit it again.' });
  }
  const submittedAt = context.clock.now().toISOString();
  const submission: Submission = {
    format: 1,
    kind: 'manifest',
    file: escapeUnsafe(origin.file).slice(0, 1024),
    content: content.toString('base64'),
    ...(origin.commit === undefined ? {} : { commit: origin.commit }),
    ...(origin.repository === undefined ? {} : { repository: origin.repository.slice(0, 1024) }),
    submittedAt,
    weighbridge: packageVersion(),
  };
  await asPublisher(submitting, () => putSubmission(submitting.inbox, attempt, submission));
  const release = `${collection}@${version}`;
  await rememberRun(state, { ...attempt, bucket: bucket.url, release, submittedAt }).catch(() => {
    // It runs all the same; RUN/ATTEMPT, which is printed, finds it too.
  });
  return { ...attempt, release };
}

/** The bucket's own hint would be to grant a right: a publisher has a role that has it. */
async function asPublisher<T>({ place, publisher }: Submitting, work: () => Promise<T>): Promise<T> {
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

async function sendFiles(
  context: CommandContext,
  { manifest, directory }: LoadedManifest,
  attempt: string,
  { publisher, bucket, inbox, state, sent, signal }: Submitting,
): Promise<void> {
  const ports = await sourcePorts(context, directory, manifest.access);
  const hashes = new HashPool(availableParallelism());
  try {
    const left = await sendToInbox(
      { manifest, publisher: publisher.name, attempt, inbox, bucket, sent },
      {
        clock: context.clock,
        hashes,
        memory: new MemoryBudget(bufferBytes),
        reporter: context.reporter,
        signal,
        retry: defaultRetryPolicy,
        ranges: rangesPerObject,
        state,
        openFiles: (spec) =>
          spec.sources.filter(({ scheme }) => scheme === 'file').map((ref) => openSource(ref, ports, spec)),
      },
    );
    for (const { id, reason } of left) context.say(`warning: ${id} was not sent: ${reason}`);
  } finally {
    await hashes.close();
  }
}
