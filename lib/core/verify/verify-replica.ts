import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { compareReplica } from './compare-replica.ts';
import { compareStored, type StoredChecksum, type StoredChecksums } from './compare-stored.ts';
import type { VerifyResult } from './finding.ts';
import { type VerifyRequest, verifyMirror } from './verify-mirror.ts';

/**
 * Verifies a replica like any mirror, and against its primary: a release that it lacks is a finding, not an error.
 * Read in full, both are compared through the digests that their records share; a quick look compares what both
 * stores keep of each artifact.
 * @param request about the replica; its `releases` are the primary's
 * @param stored what a quick look at the primary received.
 */
export async function verifyReplica(
  primary: MirrorReader,
  request: VerifyRequest,
  stored: StoredChecksums = new Map(),
): Promise<VerifyResult> {
  const { reader, releases, clock, quick, signal } = request;
  const startedAt = clock.now().getTime();
  const { findings, notes, shared } = await compareReplica(primary, reader, releases, signal);
  const checksums = new Map<string, StoredChecksum>();
  // Without a list everything is verified; with one that the replica has nothing of, nothing is left to verify.
  const result =
    releases.length > 0 && shared.length === 0
      ? { store: reader.url, quick, releases: [], findings: [], notes: [], bytesHashed: 0 }
      : await verifyMirror({ ...request, checksums, releases: releases.length === 0 ? [] : shared });
  const { equal, unknown, ...differing } = compareStored(
    { url: primary.url, checksums: stored },
    { url: reader.url, checksums },
  );
  const all = [...findings, ...result.findings, ...differing.findings];
  return {
    ...result,
    ok: all.length === 0,
    findings: all,
    notes: [...notes, ...result.notes],
    ...(quick ? { compared: { equal, unknown } } : {}),
    seconds: (clock.now().getTime() - startedAt) / 1000,
  };
}
