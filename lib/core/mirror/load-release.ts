import { releaseKey } from '../../contract/keys.ts';
import { NotFound } from '../errors.ts';
import type { Registry, RegistryEntry, Release } from '../registry/records.ts';
import { checkRelease } from './check-release.ts';
import { findRelease, type ListedRelease } from './find-release.ts';
import { MirrorDamaged } from './mirror-errors.ts';
import { type MirrorReader, readWhole } from './mirror-reader.ts';
import { recordLimit } from './read-record.ts';
import { type ReleaseRef, releaseName } from './release-ref.ts';

/** A release whose record follows from the registry. Its files are not proven by that. */
export interface LoadedRelease {
  /** `collection@version`. */
  readonly name: string;
  readonly collection: string;
  readonly version: string;
  readonly entry: RegistryEntry;
  readonly release: Release;
  /** `release.json` as it is stored. */
  readonly bytes: Uint8Array;
  /** What a user should know although it stops nothing: it was yanked. */
  readonly warnings: readonly string[];
}

/**
 * Reads one release and proves its record by the chain registry → `release.json` → content.
 * @throws NotFound for names that the mirror does not have, MirrorDamaged where the chain breaks
 */
export async function loadRelease(
  reader: MirrorReader,
  registry: Registry,
  ref: ReleaseRef,
  signal?: AbortSignal,
): Promise<LoadedRelease> {
  const listed = findListed(reader, registry, ref);
  const { collection, version, entry } = listed;
  const name = releaseName(collection, version);
  let bytes: Uint8Array;
  try {
    bytes = await readWhole(reader, releaseKey(collection, version), recordLimit, signal);
  } catch (error) {
    if (!(error instanceof NotFound)) throw error;
    throw new MirrorDamaged(`the registry of ${reader.url} lists ${name}, whose release.json is not there`, {
      cause: error,
    });
  }
  const { release, faults } = checkRelease(bytes, listed, registry.access);
  const [fault] = faults;
  if (release === undefined || fault !== undefined) {
    const { message, expected, actual } = fault ?? { message: `release.json of ${name} cannot be read` };
    throw new MirrorDamaged(`${message} (${reader.url})`, { evidence: { expected, actual } });
  }
  const { yanked } = entry;
  const warnings = yanked === undefined ? [] : [`${name} was yanked at ${yanked.at}: ${yanked.reason}`];
  return { name, collection, version, entry, release, bytes, warnings };
}

/** Where only what one caller may read is shown, what is missing may be there for others. */
function findListed(reader: MirrorReader, registry: Registry, ref: ReleaseRef): ListedRelease {
  try {
    return findRelease(registry, ref, reader.url);
  } catch (error) {
    if (!(error instanceof NotFound) || reader.shownTo === undefined) throw error;
    throw new NotFound(`${error.message} (not there, or not yours)`, {
      cause: error,
      hint: `Asked with ${reader.shownTo}.${error.hint === undefined ? '' : ` Otherwise ${error.hint}.`}`,
    });
  }
}
