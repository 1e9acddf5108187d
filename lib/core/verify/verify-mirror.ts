import { registryKey } from '../../contract/keys.ts';
import type { Clock } from '../clock.ts';
import { HashPool } from '../digest/hash-pool.ts';
import type { Reporter } from '../events.ts';
import { versionProblem } from '../manifest/release-name.ts';
import { findRelease, listedReleases } from '../mirror/find-release.ts';
import { loadRegistry } from '../mirror/load-registry.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import type { MirrorReader } from '../mirror/mirror-reader.ts';
import { isCollectionName, type ReleaseRef, releaseName } from '../mirror/release-ref.ts';
import { latestVersion } from '../registry/latest-version.ts';
import type { Registry } from '../registry/records.ts';
import { defaultRetryPolicy, retry } from '../retry.ts';
import type { StoredChecksum } from './compare-stored.ts';
import { findStrays, type KnownRelease } from './find-strays.ts';
import type { VerifiedRelease, VerifyResult } from './finding.ts';
import { addFinding, type VerifyContext } from './verify-context.ts';
import { verifyRelease } from './verify-release.ts';

export interface VerifyRequest {
  readonly reader: MirrorReader;
  /** Releases to look at; empty for everything in the registry, and then for what does not belong there too. */
  readonly releases: readonly ReleaseRef[];
  readonly quick: boolean;
  readonly clock: Clock;
  readonly reporter: Reporter;
  readonly signal: AbortSignal;
  /** Files read and hashed at the same time; one per core by default two. */
  readonly concurrency?: number;
  /** Receives what the store keeps of each artifact, by key, for a comparison with another store; a quick look only. */
  readonly checksums?: Map<string, StoredChecksum>;
}

/**
 * Re-reads a mirror as its consumers would and says everything that does not hold. Changes nothing.
 * @throws NotFound for a release that the mirror does not have, or where there is no mirror;
 * NotAuthorised, MirrorError when not even the registry can be read. All else is a finding.
 */
export async function verifyMirror(request: VerifyRequest): Promise<VerifyResult> {
  const { reader, quick, clock, reporter, signal } = request;
  const startedAt = clock.now().getTime();
  const concurrency = request.concurrency ?? 2;
  const hashes = new HashPool(concurrency);
  const context: VerifyContext = {
    reader,
    quick,
    concurrency,
    clock,
    reporter,
    signal,
    hashes,
    findings: [],
    notes: [],
    checksums: request.checksums ?? new Map(),
  };
  try {
    const registry = await readRegistry(context);
    const releases = registry === undefined ? [] : await verifyReleases(context, registry, request.releases);
    return {
      ok: context.findings.length === 0,
      store: reader.url,
      quick,
      releases,
      findings: context.findings,
      notes: context.notes,
      bytesHashed: releases.reduce((sum, release) => sum + release.bytesHashed, 0),
      seconds: (clock.now().getTime() - startedAt) / 1000,
    };
  } finally {
    await hashes.close();
  }
}

async function readRegistry(context: VerifyContext): Promise<Registry | undefined> {
  try {
    const load = () => loadRegistry(context.reader, context.signal);
    return (await retry(load, defaultRetryPolicy, context)).registry;
  } catch (error) {
    if (!(error instanceof MirrorDamaged)) throw error;
    addFinding(context, 'registry', registryKey, error.message);
    context.notes.push('without a readable registry no release can be judged');
    return undefined;
  }
}

async function verifyReleases(
  context: VerifyContext,
  registry: Registry,
  refs: readonly ReleaseRef[],
): Promise<readonly VerifiedRelease[]> {
  const everything = refs.length === 0;
  const chosen = everything
    ? listedReleases(registry)
    : refs.map((ref) => findRelease(registry, ref, context.reader.url));
  if (everything) checkCollections(context, registry);
  const known: KnownRelease[] = [];
  const results: VerifiedRelease[] = [];
  for (const listed of chosen) {
    const name = releaseName(listed.collection, listed.version);
    const { yanked, pruned, artifacts } = listed.entry;
    if (yanked !== undefined) context.notes.push(`${name} was yanked at ${yanked.at}: ${yanked.reason}`);
    if (pruned !== undefined) {
      known.push({ listed, record: undefined });
      results.push({ release: name, state: 'pruned', artifacts, bytesHashed: 0 });
      continue;
    }
    const { record, ...result } = await verifyRelease(context, listed, registry.access);
    known.push({ listed, record });
    results.push(result);
  }
  await findStrays(context, known, everything);
  return results.map((result) => withStrays(result, context));
}

/** A stray found after its release was judged makes that release invalid too. */
function withStrays(result: VerifiedRelease, context: VerifyContext): VerifiedRelease {
  const found = context.findings.some(({ release }) => release === result.release);
  return found ? { ...result, state: 'invalid' } : result;
}

/** Names that cannot be, and a `latest` that the versions do not lead to. */
function checkCollections(context: VerifyContext, registry: Registry): void {
  const bad = (message: string, expected: string | null, actual: string | null) =>
    addFinding(context, 'registry', registryKey, message, {
      ...(expected === null ? {} : { expected }),
      ...(actual === null ? {} : { actual }),
    });
  for (const [collection, entry] of Object.entries(registry.collections)) {
    const scheme = entry.versioning ?? 'semver';
    const names = Object.keys(entry.versions).filter((version) => versionProblem(version, scheme) !== undefined);
    for (const version of names)
      bad(`the registry lists ${JSON.stringify(version)} of ${collection}, which is no version`, null, version);
    if (!isCollectionName(collection))
      bad(`the registry lists ${JSON.stringify(collection)}, which is no collection`, null, collection);
    if (names.length > 0) continue;
    const latest = latestVersion(entry);
    if (latest === entry.latest) continue;
    bad(
      `the registry calls ${entry.latest} the latest of ${collection}; by its versions it is ${latest}`,
      latest,
      entry.latest,
    );
  }
}
