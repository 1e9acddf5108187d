import { releasePrefix } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import type { Manifest } from '../manifest/manifest.ts';
import { canonicalJson } from '../registry/canonical-json.ts';
import { destinationOf } from '../state/destination.ts';
import { processIdentity } from '../state/process-identity.ts';
import { clearClaim, ReleaseClaim } from '../state/release-claim.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/**
 * Runs `work` while no other run stages other content under the same name; runs with the same content go on
 * side by side.
 * @param work Gets ports whose signal ends when the name is lost, and whether there was somebody to wait for.
 * @throws ClaimLost when this process was taken for dead and a run with other content took its place.
 */
export async function holdingRelease(
  request: StageRequest,
  ports: StagePorts,
  work: (ports: StagePorts, waited: boolean) => Promise<void>,
): Promise<void> {
  const { manifest, attempt } = request;
  const name = `${manifest.collection}@${manifest.version}`;
  const claim = await ReleaseClaim.acquire(ports.state, {
    key: claimKey(request, ports),
    content: wantedContent(manifest),
    owner: { ...processIdentity(), attempt },
    clock: ports.clock,
    signal: ports.signal,
    onWait: ({ holder, seconds }) => {
      const what = `process ${holder.pid}, which stages other content as ${name}`;
      ports.reporter.emit({ type: 'waiting', what, seconds });
    },
  });
  try {
    await work({ ...ports, signal: AbortSignal.any([ports.signal, claim.lost]) }, claim.waited);
  } catch (error) {
    if (claim.lost.aborted && !ports.signal.aborted) throw claim.lost.reason;
    throw error;
  } finally {
    await claim.release();
  }
}

/** Of a release that is published: removes what a run left that died right after. */
export async function clearDeadClaim(request: StageRequest, ports: StagePorts): Promise<void> {
  await clearClaim(ports.state, claimKey(request, ports));
}

function claimKey({ manifest, store }: StageRequest, { state }: Pick<StagePorts, 'state'>): string {
  return destinationOf(store, releasePrefix(manifest.collection, manifest.version), state);
}

/** Digest of the files and digests that a manifest asks for: the same for two manifests that can share their work. */
function wantedContent(manifest: Manifest): string {
  const files = manifest.artifacts.map(({ file, sha256 }): [string, string] => [file, sha256?.hex ?? '']);
  return Sha256.ofBytes(canonicalJson(files.sort(([a], [b]) => (a < b ? -1 : 1)))).hex;
}
