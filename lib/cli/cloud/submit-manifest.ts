import { availableParallelism } from 'node:os';
import { ulid } from 'ulid';
import { HashPool } from '../../core/digest/hash-pool.ts';
import { defaultRetryPolicy } from '../../core/retry.ts';
import { openSource } from '../../core/sources/open-source.ts';
import { runId } from '../../core/stage/run-progress.ts';
import { checkSubmission } from '../../core/submit/check-submission.ts';
import { sendToInbox } from '../../core/submit/send-to-inbox.ts';
import { MemoryBudget } from '../../core/transfer/memory-budget.ts';
import type { CommandContext } from '../command-context.ts';
import { sourcePorts } from '../source-ports.ts';
import type { LoadedManifest } from '../staging/load-manifest.ts';
import { bucketUrl, ownBuckets } from './cloud-place.ts';
import type { FileOrigin } from './file-origin.ts';
import { asPublisher, type Submitting, sendSubmission } from './send-submission.ts';
import type { AwaitedRun } from './wait-for-runs.ts';

/** As for staging: the window of one large object. */
const bufferBytes = 72 << 20;
const rangesPerObject = 8;

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
  const { place, publisher } = submitting;
  const { manifest } = loaded;
  const { collection, version, access } = manifest;
  const run = runId(loaded.sha256, bucketUrl(place, access));
  const attempt = { publisher: publisher.name, run, attempt: ulid() };
  await asPublisher(submitting, () => sendFiles(context, loaded, attempt.attempt, submitting));
  return await sendSubmission(
    context,
    {
      kind: 'manifest',
      file: loaded.file,
      sha256: loaded.sha256,
      origin,
      attempt,
      release: `${collection}@${version}`,
    },
    submitting,
  );
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
