import { artifactKey, releaseKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { foldName } from '../manifest/fold-name.ts';
import { contentIdentity } from '../registry/content.ts';
import { type Registry, type Release, type ReleaseArtifact, releaseSchema } from '../registry/records.ts';
import { fileNameFault } from './file-name-fault.ts';
import type { ListedRelease } from './find-release.ts';
import { MirrorDamaged } from './mirror-errors.ts';
import { parseRecord } from './read-record.ts';
import { releaseName } from './release-ref.ts';

/** One thing about a release record that does not hold. */
export interface RecordFault {
  readonly message: string;
  readonly expected?: string;
  readonly actual?: string;
}

export interface CheckedRelease {
  /** Undefined when the bytes are no release record at all. */
  readonly release: Release | undefined;
  readonly faults: readonly RecordFault[];
}

/** Follows the chain registry → bytes of `release.json` → content, and checks every name in it. Pure. */
export function checkRelease(
  bytes: Uint8Array,
  listed: ListedRelease,
  access: Registry['access'] | undefined,
): CheckedRelease {
  const { collection, version, entry } = listed;
  const what = `release.json of ${releaseName(collection, version)}`;
  const faults: RecordFault[] = [];
  const same = (message: string, expected: string, actual: string) => {
    if (expected !== actual) faults.push({ message, expected, actual });
  };
  same(`${what} is not the one that the registry lists`, entry.sha256, Sha256.ofBytes(bytes).hex);
  same(`the registry has another path for ${what}`, releaseKey(collection, version), entry.release);
  let release: Release;
  try {
    release = parseRecord(bytes, releaseSchema, 'weighbridge/release/1', what);
  } catch (error) {
    if (!(error instanceof MirrorDamaged)) throw error;
    return { release: undefined, faults: [...faults, { message: error.message }] };
  }
  same(
    `${what} is about another release`,
    releaseName(collection, version),
    releaseName(release.collection, release.version),
  );
  if (access !== undefined) same(`${what} has another access class than its registry`, access, release.access);
  same(`the files that ${what} lists are not its content`, contentIdentity(release.artifacts).hex, release.content);
  same(`the registry lists other content than ${what}`, release.content, entry.content);
  same(`the registry counts other artifacts than ${what}`, String(release.artifacts.length), String(entry.artifacts));
  const bytesInAll = release.artifacts.reduce((sum, artifact) => sum + artifact.size, 0);
  same(`the registry counts other bytes than ${what}`, String(bytesInAll), String(entry.bytes));
  faults.push(...artifactFaults(release, what));
  return { release, faults };
}

/** Names become paths on a reader's disk, so a hostile record must not get this far: unsafe, twice, or misplaced. */
function artifactFaults(release: Release, what: string): readonly RecordFault[] {
  const faults: RecordFault[] = [];
  const seen = new Map<string, ReleaseArtifact>();
  for (const artifact of release.artifacts) {
    const named = `${what}: ${JSON.stringify(artifact.file)}`;
    const fault = fileNameFault(artifact.file);
    if (fault !== undefined) faults.push({ message: `${named} ${fault}` });
    const path = artifactKey(release.collection, release.version, artifact.file);
    if (artifact.path !== path)
      faults.push({ message: `${named} is not where it belongs`, expected: path, actual: artifact.path });
    if (!Number.isSafeInteger(artifact.size) || artifact.size < 0) {
      faults.push({ message: `${named} has the impossible size ${artifact.size}` });
    }
    const folded = foldName(artifact.file);
    if (seen.has(folded)) faults.push({ message: `${named} is listed twice` });
    seen.set(folded, artifact);
  }
  for (const folded of seen.keys()) {
    for (let slash = folded.indexOf('/'); slash > 0; slash = folded.indexOf('/', slash + 1)) {
      if (seen.has(folded.slice(0, slash)))
        faults.push({ message: `${what}: ${JSON.stringify(folded)} lies below a file` });
    }
  }
  return faults;
}
