import { exitCodes } from '../../contract/exit-codes.ts';
import { Sha256 } from '../../core/digest/sha256.ts';
import { escapeUnsafe } from '../../core/manifest/unsafe-characters.ts';
import { listedReleases } from '../../core/mirror/find-release.ts';
import { loadRegistry } from '../../core/mirror/load-registry.ts';
import { loadRelease } from '../../core/mirror/load-release.ts';
import { parseReleaseRef } from '../../core/mirror/release-ref.ts';
import type { Registry, Release, ReleaseArtifact } from '../../core/registry/records.ts';
import { defaultRetryPolicy, retry } from '../../core/retry.ts';
import { alignedRows } from '../aligned-rows.ts';
import type { CommandContext, CommandRun } from '../command-context.ts';
import { openMirror } from '../open-mirror.ts';
import { formatBytes } from '../progress/quantities.ts';

/** How the provenance of a digest is worded for people: "verified" is nowhere among it. */
const provenance: Readonly<Record<ReleaseArtifact['digestFrom'], string>> = {
  declared: 'declared in the manifest',
  upstream: 'published upstream',
  computed: 'as first downloaded',
};

export const run: CommandRun = async (context, input) => {
  const [release] = input.args;
  const ref = release === undefined ? undefined : parseReleaseRef(release);
  const mirror = await openMirror(context, input.options.from, '--from');
  const { registry } = await retry(() => loadRegistry(mirror, context.signal), defaultRetryPolicy, context);
  if (ref === undefined) {
    listReleases(context, mirror.url, registry);
  } else {
    const loaded = await retry(() => loadRelease(mirror, registry, ref, context.signal), defaultRetryPolicy, context);
    for (const warning of loaded.warnings) context.say(`warning: ${escapeUnsafe(warning)}`);
    if (context.json) context.printJson({ entry: loaded.entry, release: loaded.release });
    else listFiles(context, loaded.release);
  }
  return exitCodes.done;
};

function listReleases(context: CommandContext, url: string, registry: Registry): void {
  const releases = listedReleases(registry).map(({ collection, version, entry }) => ({
    collection,
    version,
    latest: registry.collections[collection]?.latest === version,
    ...entry,
  }));
  if (context.json) {
    const { access, serial, updatedAt } = registry;
    context.printJson({ store: url, access, serial, updatedAt, releases });
    return;
  }
  if (releases.length === 0) {
    context.say(`${url} holds no releases yet`);
    return;
  }
  const rows = releases.map(({ collection, version, latest, artifacts, bytes, publishedAt, yanked, pruned }) => [
    `${collection}@${version}`,
    latest ? 'latest' : '',
    `${artifacts} ${artifacts === 1 ? 'file' : 'files'}`,
    formatBytes(bytes),
    publishedAt.slice(0, 10),
    pruned !== undefined ? 'pruned: its files are gone' : yanked !== undefined ? `yanked: ${yanked.reason}` : '',
  ]);
  printTable(context, [['RELEASE', '', 'FILES', 'SIZE', 'PUBLISHED', ''], ...rows]);
}

function listFiles(context: CommandContext, release: Release): void {
  const rows = release.artifacts.map(({ id, file, size, sha256, digestFrom }) => [
    id,
    file,
    formatBytes(size),
    Sha256.of(sha256).short,
    provenance[digestFrom],
  ]);
  printTable(context, [['ID', 'FILE', 'SIZE', 'SHA256', 'DIGEST'], ...rows]);
  for (const { file, reason } of release.missing) {
    context.say(`${escapeUnsafe(file)} was not available at publication and stays missing: ${escapeUnsafe(reason)}`);
  }
}

function printTable(context: CommandContext, rows: readonly (readonly string[])[]): void {
  for (const line of alignedRows(rows.map((row) => row.map(escapeUnsafe)))) context.print(line);
}
