import { registryKey, releasePrefix } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotAuthorised, NotFound } from '../errors.ts';
import { findRelease, listedReleases } from '../mirror/find-release.ts';
import { loadRegistry } from '../mirror/load-registry.ts';
import { type MirrorReader, readWhole } from '../mirror/mirror-reader.ts';
import { recordLimit } from '../mirror/read-record.ts';
import { type ReleaseRef, releaseName } from '../mirror/release-ref.ts';
import type { Finding } from './finding.ts';

/** Records that replicas receive byte for byte; `objects.json` and `registry.json` are each store's own. */
const sharedRecords = ['release.json', 'SHA256SUMS', 'RELEASE.md'] as const;

/** Of them the one that follows from the content alone. */
const contentRecords = ['SHA256SUMS'] as const;

export interface ReplicaComparison {
  readonly findings: readonly Finding[];
  readonly notes: readonly string[];
  /** Releases that both list: what can be verified in the replica. */
  readonly shared: readonly ReleaseRef[];
}

/**
 * Does a replica list what the primary lists, with the same records? Whether its bytes are right is for `verifyMirror`.
 * @param refs empty for everything
 * @throws NotFound, MirrorDamaged, NotAuthorised, MirrorError where either registry cannot be read
 */
export async function compareReplica(
  primary: MirrorReader,
  replica: MirrorReader,
  refs: readonly ReleaseRef[],
  signal: AbortSignal,
): Promise<ReplicaComparison> {
  const { registry: ours } = await loadRegistry(primary, signal);
  const { registry: theirs } = await loadRegistry(replica, signal);
  const findings: Finding[] = [];
  const notes: string[] = [];
  const shared: ReleaseRef[] = [];
  const differs = (release: string | null, file: string, message: string, expected?: string, actual?: string) =>
    findings.push({
      store: replica.url,
      release,
      file,
      kind: 'replica',
      expected: expected ?? null,
      actual: actual ?? null,
      message,
    });
  if (ours.access !== theirs.access) {
    differs(null, registryKey, `${replica.url} holds ${theirs.access} releases`, ours.access, theirs.access);
  }
  const listed = refs.length === 0 ? listedReleases(ours) : refs.map((ref) => findRelease(ours, ref, primary.url));
  for (const { collection, version, entry } of listed) {
    if (entry.pruned !== undefined) continue;
    const name = releaseName(collection, version);
    const versions = Object.hasOwn(theirs.collections, collection)
      ? theirs.collections[collection]?.versions
      : undefined;
    const copy = versions !== undefined && Object.hasOwn(versions, version) ? versions[version] : undefined;
    if (copy === undefined || copy.pruned !== undefined) {
      differs(name, 'release.json', `${replica.url} does not have ${name}: stage it again to complete the replica`);
      continue;
    }
    shared.push({ collection, version });
    if (copy.content !== entry.content) {
      differs(name, 'release.json', `${replica.url} lists other content as ${name}`, entry.content, copy.content);
    }
    if ((copy.yanked === undefined) !== (entry.yanked === undefined)) {
      differs(name, registryKey, `${name} is yanked in one of ${primary.url} and ${replica.url} only`);
    }
    // The same content, published there by itself: what says so is immutable, and differs in when and from where.
    const own = copy.content === entry.content && copy.sha256 !== entry.sha256;
    if (own) notes.push(`${replica.url} published ${name} on its own: the same content with records of its own`);
    for (const file of own ? contentRecords : sharedRecords) {
      const key = releasePrefix(collection, version) + file;
      const [wanted, found] = await Promise.all([digestOf(primary, key, signal), digestOf(replica, key, signal)]);
      if (wanted === found) continue;
      differs(name, file, `${key} is not the same in ${primary.url} and ${replica.url}`, wanted, found);
    }
  }
  return { findings, notes, shared };
}

/** In words where there is nothing to hash. */
async function digestOf(reader: MirrorReader, key: string, signal: AbortSignal): Promise<string> {
  try {
    return Sha256.ofBytes(await readWhole(reader, key, recordLimit, signal)).hex;
  } catch (error) {
    if (error instanceof NotFound) return 'missing';
    if (error instanceof NotAuthorised) return 'refused';
    throw error;
  }
}
