import { artifactKey } from '../../contract/keys.ts';
import { WeighbridgeError } from '../errors.ts';
import type { ArtifactSpec } from '../manifest/manifest.ts';
import type { ProvenArtifact } from '../registry/release-draft.ts';
import type { ServerCopying } from '../stores/server-copying.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import { type CopyProof, type CopySource, copiesByItself } from './find-copies.ts';
import { adopt, artifactAttributes } from './move-object.ts';
import type { StagePorts, StageRequest } from './stage-ports.ts';

/**
 * Copies an artifact inside a store that can do so by itself: no byte of it is read here. What its release proved of
 * the source holds as long as the object still has the recorded tag and version, and the store makes the copy visible
 * only if its CRC32C is the recorded one.
 * @returns undefined where that cannot be had, or where a read and a put are the fewer requests: the bytes are then
 * read, hashed and written like any others.
 * @throws Refused when other bytes are at the key already, or the signal's reason.
 */
export async function copyOnServer(
  spec: ArtifactSpec,
  from: CopySource,
  request: StageRequest,
  ports: StagePorts,
): Promise<ProvenArtifact | undefined> {
  const { store, manifest, attempt } = request;
  const { sha256 } = spec;
  const { proof, size } = from;
  if (proof === undefined || sha256 === undefined || !copiesByItself(store, size)) return undefined;
  const { collection, version } = manifest;
  const object = { collection, version, file: spec.file, sha256, size };
  const put = await copyProven(store, from, proof, object, ports);
  if (put === undefined) return undefined;
  const copied = { spec, sha256, crc32c: proof.crc32c, origin: null, stagedAt: ports.clock.now() };
  if (put.outcome === 'created') return { ...copied, stat: put.stat };
  return { ...copied, stat: await adopt(put.stat, { ...object, id: spec.id, store, attempt }, ports) };
}

async function copyProven(
  store: Store & ServerCopying,
  from: CopySource,
  proof: CopyProof,
  object: Parameters<typeof artifactAttributes>[0],
  ports: StagePorts,
) {
  const toKey = artifactKey(object.collection, object.version, object.file);
  try {
    const stat = await store.head(from.key);
    if (stat === undefined || !isProven(stat, from.size, proof)) return undefined;
    return await store.copyProven(stat, toKey, proof.crc32c, artifactAttributes(object), ports.signal);
  } catch (error) {
    ports.signal.throwIfAborted();
    if (!(error instanceof WeighbridgeError)) throw error;
    ports.reporter.emit({ type: 'note', message: `${from.key} could not be copied by the store: ${error.message}` });
    return undefined;
  }
}

function isProven(stat: ObjectStat, size: number, { etag, version, crc32c }: CopyProof): boolean {
  return (
    stat.size === size &&
    stat.etag === etag &&
    stat.version === version &&
    (stat.crc32c === undefined || stat.crc32c === crc32c)
  );
}
