import { registryKey, releaseKey, releasePrefix, reservedFiles, statusKey } from '../../contract/keys.ts';
import type { ListedRelease } from '../mirror/find-release.ts';
import { loadRegistry } from '../mirror/load-registry.ts';
import { isCollectionName, isVersionName, releaseName } from '../mirror/release-ref.ts';
import type { Release } from '../registry/records.ts';
import { addFinding, type VerifyContext } from './verify-context.ts';

/** One release and what is known to belong below its prefix. */
export interface KnownRelease {
  readonly listed: ListedRelease;
  /** Undefined when its record could not be read: then nothing below it can be called a stray. */
  readonly record: Release | undefined;
}

/**
 * Lists what nothing accounts for. A complete release that the registry does not name is a `registry` finding;
 * files of a version without `release.json` are an unfinished staging, hence a note.
 * @param everything false: only below the known releases
 */
export async function findStrays(
  context: VerifyContext,
  known: readonly KnownRelease[],
  everything: boolean,
): Promise<void> {
  const { list } = context.reader;
  if (list === undefined) {
    context.notes.push(`${context.reader.url} cannot be listed: files that do not belong there would not be seen`);
    return;
  }
  const releases = new Map(
    known.map((release) => [releasePrefix(release.listed.collection, release.listed.version), release]),
  );
  const unlisted = new Map<string, { complete: boolean; files: number }>();
  const prefixes = everything ? [''] : [...releases.keys()];
  for (const prefix of prefixes) {
    for await (const { key, what } of context.reader.foreign?.(prefix) ?? []) {
      const release = releases.get(prefixOf(key) ?? '')?.listed;
      const name = release === undefined ? {} : { release: releaseName(release.collection, release.version) };
      addFinding(context, 'stray', key, `${key} is no object of a mirror: ${what}`, name);
    }
    for await (const { key } of list(prefix)) {
      context.signal.throwIfAborted();
      if (key === registryKey || key === statusKey) continue;
      const below = prefixOf(key);
      const release = below === undefined ? undefined : releases.get(below);
      if (release !== undefined && below !== undefined) {
        judge(context, release, key, key.slice(below.length));
      } else if (below === undefined) {
        stray(context, key, key, undefined);
      } else {
        const found = unlisted.get(below) ?? { complete: false, files: 0 };
        found.files += 1;
        found.complete ||= key === `${below}release.json`;
        unlisted.set(below, found);
      }
    }
  }
  const finished = [...unlisted].filter(([, found]) => found.complete).map(([prefix]) => prefix);
  const late = await listedByNow(context, finished);
  for (const [prefix, { complete, files }] of unlisted) {
    if (late.has(prefix))
      context.notes.push(`${nameOf(prefix)} was published during this verification, which leaves it out`);
    else reportUnlisted(context, prefix, complete, files);
  }
}

/** Looks at the registry again, at most, and seconds between: a release may be published while a mirror is verified. */
const looks = 3;
const pause = 1;

/** Those of some complete releases that a registry newer than the one verified lists. */
async function listedByNow(context: VerifyContext, prefixes: readonly string[]): Promise<ReadonlySet<string>> {
  const listed = new Set<string>();
  for (let look = 1; look <= looks && listed.size < prefixes.length; look += 1) {
    if (look > 1) await context.clock.sleep(pause, context.signal);
    const { registry } = await loadRegistry(context.reader, context.signal);
    for (const prefix of prefixes) {
      const [collection = '', version = ''] = prefix.split('/');
      if (registry.collections[collection]?.versions[version] !== undefined) listed.add(prefix);
    }
  }
  return listed;
}

function nameOf(prefix: string): string {
  const [collection = '', version = ''] = prefix.split('/');
  return releaseName(collection, version);
}

function judge(context: VerifyContext, { listed, record }: KnownRelease, key: string, file: string): void {
  const name = releaseName(listed.collection, listed.version);
  const pruned = listed.entry.pruned !== undefined;
  if (!pruned && (record === undefined || (reservedFiles as readonly string[]).includes(file))) return;
  if (record === undefined || !artifactFiles(record).has(file)) stray(context, key, file, name);
}

const filesOfRecord = new WeakMap<Release, ReadonlySet<string>>();

function artifactFiles(record: Release): ReadonlySet<string> {
  const known = filesOfRecord.get(record) ?? new Set(record.artifacts.map(({ file }) => file));
  filesOfRecord.set(record, known);
  return known;
}

function stray(context: VerifyContext, key: string, file: string, release: string | undefined): void {
  const message = `${key} does not belong to this mirror: nothing lists it`;
  addFinding(context, 'stray', file, message, release === undefined ? {} : { release });
}

function reportUnlisted(context: VerifyContext, prefix: string, complete: boolean, files: number): void {
  const [collection = '', version = ''] = prefix.split('/');
  const name = releaseName(collection, version);
  if (complete) {
    const message = `${releaseKey(collection, version)} is there and the registry does not list ${name}: stage it again to list it`;
    addFinding(context, 'registry', 'release.json', message, { release: name });
  } else {
    context.notes.push(
      `${name} is unfinished: ${files} file${files === 1 ? '' : 's'} and no release.json; stage it again to finish it`,
    );
  }
}

/** `collection/version/` of a key that can belong to a release. */
function prefixOf(key: string): string | undefined {
  const [collection, version, file] = key.split('/', 3);
  if (collection === undefined || version === undefined || file === undefined) return undefined;
  return isCollectionName(collection) && isVersionName(version) ? releasePrefix(collection, version) : undefined;
}
