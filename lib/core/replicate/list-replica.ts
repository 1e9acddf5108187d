import { isDeepStrictEqual } from 'node:util';
import type { Sha256 } from '../digest/sha256.ts';
import { latestVersion } from '../registry/latest-version.ts';
import { checkScheme, otherContent } from '../registry/publish-release.ts';
import type { Registry } from '../registry/records.ts';
import { collectionOf, registryEntry } from '../registry/registry-entry.ts';
import { swapRegistry } from '../registry/registry-file.ts';
import type { StagePorts } from '../stage/stage-ports.ts';
import type { Survey } from '../stage/survey.ts';
import type { Store } from '../stores/store.ts';
import type { PrimaryRelease } from './primary-release.ts';

/**
 * Lists a release in a replica's own registry as the primary's lists it, its time of publication included: what
 * `latest` means must not depend on the order in which replicas were completed. A later withdrawal follows.
 * @param sha256 of the replica's `release.json`.
 */
export async function listReplica(
  primary: PrimaryRelease,
  store: Store,
  survey: Survey,
  sha256: Sha256,
  ports: Pick<StagePorts, 'clock' | 'signal'>,
): Promise<void> {
  const { collection, version, entry, record } = primary;
  const versioning = primary.versioning === 'tag' ? 'tag' : 'semver';
  const change = (registry: Registry): Registry | undefined => {
    const before = collectionOf(registry, collection);
    checkScheme({ collection, versioning }, before);
    const present = registryEntry(registry, collection, version);
    if (present !== undefined && present.content !== record.content) {
      throw otherContent(collection, version, present.content, record.content);
    }
    const { yanked: _, ...listed } = present ?? { ...entry, sha256: sha256.hex };
    const wanted = { ...listed, ...(entry.yanked === undefined ? {} : { yanked: entry.yanked }) };
    if (isDeepStrictEqual(wanted, present)) return undefined;
    const scheme = versioning === 'tag' ? ({ versioning } as const) : {};
    const versions = { ...before?.versions, [version]: wanted };
    const after = { ...before, ...scheme, versions, latest: latestVersion({ ...scheme, versions }) };
    const mirrors = primary.mirrors.length > 0 ? [...primary.mirrors] : registry.mirrors;
    return { ...registry, mirrors, collections: { ...registry.collections, [collection]: after } };
  };
  // One that reads well already needs no second look.
  if (survey.registry !== undefined && survey.entry !== undefined && change(survey.registry) === undefined) return;
  await swapRegistry(store, change, ports.clock, ports.signal);
}
