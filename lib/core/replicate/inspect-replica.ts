import pLimit from 'p-limit';
import { Sha256 } from '../digest/sha256.ts';
import { Refused } from '../errors.ts';
import type { ReleaseArtifact } from '../registry/records.ts';
import { hashObject } from '../stage/hash-object.ts';
import { type ObjectProofs, type ProvenObject, proofOf } from '../stage/object-proofs.ts';
import { pinObject } from '../stage/pin-object.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import type { Survey } from '../stage/survey.ts';
import type { ObjectStat, Store } from '../stores/store.ts';
import type { PrimaryRelease } from './primary-release.ts';

/** What a replica has of one artifact. */
export type ReplicaFinding =
  | { readonly kind: 'present'; readonly stat: ObjectStat }
  | { readonly kind: 'absent' }
  /** In a published release with other bytes than recorded: never overwritten. */
  | { readonly kind: 'damaged'; readonly reason: string };

/** Objects read back at the same time. */
const proving = 2;

/**
 * Finds out what a replica lacks. An object that `objects.json` recorded under the tag it still has counts as
 * proven; any other is read and hashed, because a name proves nothing and a stored CRC32C is no digest.
 * @param proofs What is known of objects besides.
 * @throws Refused when other bytes lie under a key of a release that is not published there yet.
 */
export async function inspectReplica(
  primary: PrimaryRelease,
  store: Store,
  survey: Survey,
  ports: Pick<StagePorts, 'hashes' | 'signal' | 'hashStates'>,
  proofs: ObjectProofs<ProvenObject> = new Map(),
): Promise<ReadonlyMap<ReleaseArtifact, ReplicaFinding>> {
  const limit = pLimit(proving);
  const findings = new Map<ReleaseArtifact, ReplicaFinding>();
  const look = async (artifact: ReleaseArtifact) => {
    ports.signal.throwIfAborted();
    const listed = survey.objects.get(artifact.file);
    if (listed === undefined) return { kind: 'absent' } as const;
    if (isRecorded(survey, artifact, listed)) return { kind: 'present', stat: listed } as const;
    const stat = await limit(() => pinObject(store, listed));
    if (stat === undefined) return { kind: 'absent' } as const;
    if (proofOf(proofs, stat)?.sha256 === artifact.sha256) return { kind: 'present', stat } as const;
    const right = stat.size === artifact.size && (await limit(() => hashesTo(artifact, store, stat, ports)));
    if (right) return { kind: 'present', stat } as const;
    if (survey.release !== undefined) {
      const reason = `damaged: ${stat.key} in ${store.url} does not have the bytes it was published with; remove it and stage again, or restore it`;
      return { kind: 'damaged', reason } as const;
    }
    throw new Refused('released-content', `${stat.key} is in ${store.url} already with other bytes`, {
      hint: 'If that release was never published there, remove that object.',
      evidence: { wanted: artifact.sha256 },
    });
  };
  await Promise.all(
    primary.record.artifacts.map(async (artifact) => {
      findings.set(artifact, await look(artifact));
    }),
  );
  return findings;
}

/** `objects.json` is believed only of a published release: before, nothing says whose it is. */
export function isRecorded(survey: Survey, artifact: ReleaseArtifact, stat: ObjectStat): boolean {
  if (survey.release === undefined || stat.size !== artifact.size) return false;
  const { objectsRecord } = survey;
  const recorded = Object.hasOwn(objectsRecord, artifact.file) ? objectsRecord[artifact.file] : undefined;
  return recorded?.etag === stat.etag;
}

async function hashesTo(
  artifact: ReleaseArtifact,
  store: Store,
  stat: ObjectStat,
  ports: Pick<StagePorts, 'hashes' | 'signal' | 'hashStates'>,
): Promise<boolean> {
  return (await hashObject(store, stat, ports)).equals(Sha256.of(artifact.sha256));
}
