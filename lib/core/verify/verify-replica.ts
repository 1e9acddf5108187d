import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { compareReplica } from './compare-replica.ts';
import type { VerifyResult } from './finding.ts';
import { type VerifyRequest, verifyMirror } from './verify-mirror.ts';

/**
 * Verifies a replica like any mirror, and against its primary: a release that it lacks is a finding, not an error.
 * @param request about the replica; its `releases` are the primary's
 */
export async function verifyReplica(primary: MirrorReader, request: VerifyRequest): Promise<VerifyResult> {
  const { reader, releases, clock, quick, signal } = request;
  const startedAt = clock.now().getTime();
  const { findings, shared } = await compareReplica(primary, reader, releases, signal);
  // Without a list everything is verified; with one that the replica has nothing of, nothing is left to verify.
  const result =
    releases.length > 0 && shared.length === 0
      ? { store: reader.url, quick, releases: [], findings: [], notes: [], bytesHashed: 0 }
      : await verifyMirror({ ...request, releases: releases.length === 0 ? [] : shared });
  const all = [...findings, ...result.findings];
  return { ...result, ok: all.length === 0, findings: all, seconds: (clock.now().getTime() - startedAt) / 1000 };
}
