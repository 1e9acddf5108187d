import type { ListedRelease } from '../mirror/find-release.ts';
import { releaseName } from '../mirror/release-ref.ts';
import type { Registry, Release } from '../registry/records.ts';
import type { VerifiedRelease } from './finding.ts';
import { verifyArtifact } from './verify-artifact.ts';
import type { VerifyContext } from './verify-context.ts';
import { verifyRecords } from './verify-records.ts';

export interface VerifiedReleaseDetails extends VerifiedRelease {
  /** The record as it is, for whoever looks for strays; undefined where it could not be read. */
  readonly record: Release | undefined;
}

/** Verifies one release of a mirror: its records, then every file that they list. Findings go to the context. */
export async function verifyRelease(
  context: VerifyContext,
  listed: ListedRelease,
  access: Registry['access'] | undefined,
): Promise<VerifiedReleaseDetails> {
  const { reporter, clock } = context;
  const name = releaseName(listed.collection, listed.version);
  const startedAt = clock.now().getTime();
  const findingsBefore = context.findings.length;
  const { release: record, objects } = await verifyRecords(context, listed, access);
  const artifacts = record?.artifacts ?? [];
  const { url } = context.reader;
  reporter.emit({ type: 'run-started', job: 'verify', release: name, artifacts: artifacts.length, store: url });
  const bytes = artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
  // A quick look reads nothing, so there is no amount to wait for.
  if (!context.quick) reporter.emit({ type: 'planned', artifacts: artifacts.length, bytes });
  let bytesHashed = 0;
  const queue = artifacts.values();
  const work = async () => {
    for (const artifact of queue) {
      const verified = await verifyArtifact(context, name, artifact, objects);
      bytesHashed += verified.bytesHashed;
    }
  };
  const ends = await Promise.allSettled(Array.from({ length: context.concurrency }, work));
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
  const clean = context.findings.length === findingsBefore;
  const state = !clean ? 'invalid' : context.quick ? 'unproven' : 'valid';
  const seconds = (clock.now().getTime() - startedAt) / 1000;
  reporter.emit({ type: 'run-finished', release: name, state: state === 'unproven' ? 'done' : state, seconds });
  return { release: name, state, artifacts: artifacts.length, bytesHashed, record };
}
