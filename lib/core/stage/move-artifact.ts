import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import type { ResolvedSource } from '../sources/source.ts';
import type { TransferPorts } from '../transfer/transfer-job.ts';
import { saysNoLength } from './inspect.ts';
import { moveObject } from './move-object.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/**
 * Moves the bytes of one resolved source to the artifact's key in the primary.
 * @throws SourceError when the source does not deliver them; Refused when other bytes are there.
 */
export async function moveArtifact(
  spec: ArtifactSpec,
  source: ResolvedSource,
  size: number | undefined,
  request: StageRequest,
  transfer: TransferPorts,
  ports: StagePorts,
): Promise<ProvenArtifact> {
  const { collection, version } = request.manifest;
  const { id, file, sha256 } = spec;
  if (sha256 === undefined) throw new TypeError('an artifact without a digest is not staged');
  if (size === undefined) throw saysNoLength(source);
  const { store, attempt } = request;
  const move = { id, collection, version, file, size, sha256, source, store, attempt };
  const { stat, crc32c } = await moveObject(move, transfer, ports);
  return { spec, sha256, stat, crc32c, origin: null, stagedAt: ports.clock.now() };
}
