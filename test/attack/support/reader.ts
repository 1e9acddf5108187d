import { createHash } from 'node:crypto';
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';

interface RegistryText {
  readonly serial: number;
  readonly collections: Record<
    string,
    {
      readonly latest: string | null;
      readonly versions: Record<string, { readonly release: string; readonly sha256: string }>;
    }
  >;
}

export interface ReaderResult {
  /** Registries that were read, and how many of them had a serial of their own. */
  readonly reads: number;
  readonly serials: number;
  /** What a reader must never see. */
  readonly problems: readonly string[];
}

/**
 * Reads a mirror's registry as fast as it can until `done`, and follows everything in it down to the files: each
 * registry must parse, its serial must not fall, and each release that it lists must be there as it says.
 */
export async function readUntil(mirror: string, done: Promise<unknown>): Promise<ReaderResult> {
  let over = false;
  const ending = done.finally(() => {
    over = true;
  });
  const problems: string[] = [];
  const followed = new Set<string>();
  const serials = new Set<number>();
  let reads = 0;
  let serial = -1;
  for (let last = false; !last; ) {
    last = over;
    const text = await readFile(join(mirror, 'registry.json'), 'utf8').catch(() => undefined);
    if (text === undefined) {
      if (serial >= 0) problems.push(`the registry was gone after serial ${serial}`);
      await new Promise((resolve) => setTimeout(resolve, 5));
      continue;
    }
    reads += 1;
    let registry: RegistryText;
    try {
      registry = JSON.parse(text);
    } catch {
      problems.push(`a registry of ${text.length} characters does not parse`);
      continue;
    }
    if (registry.serial < serial) problems.push(`the serial fell from ${serial} to ${registry.serial}`);
    serial = registry.serial;
    serials.add(serial);
    const count = Object.values(registry.collections).reduce(
      (sum, { versions }) => sum + Object.keys(versions).length,
      0,
    );
    if (count !== serial) problems.push(`serial ${serial} lists ${count} releases`);
    for (const [collection, { latest, versions }] of Object.entries(registry.collections)) {
      if (latest !== null && versions[latest] === undefined)
        problems.push(`${collection} has no ${latest}, its latest`);
      for (const { release, sha256 } of Object.values(versions)) {
        if (followed.has(release)) continue;
        followed.add(release);
        problems.push(...(await follow(mirror, release, sha256)));
      }
    }
  }
  await ending;
  return { reads, serials: serials.size, problems };
}

async function follow(mirror: string, release: string, sha256: string): Promise<readonly string[]> {
  const folder = join(mirror, release, '..');
  try {
    const bytes = await readFile(join(mirror, release));
    if (createHash('sha256').update(bytes).digest('hex') !== sha256)
      return [`${release} is not what the registry says`];
    const record = JSON.parse(bytes.toString()) as { artifacts: { path: string; size: number; sha256: string }[] };
    const problems: string[] = [];
    for (const artifact of record.artifacts) {
      const { size } = await stat(join(mirror, artifact.path));
      if (size !== artifact.size) problems.push(`${artifact.path} has ${size} bytes`);
    }
    const lines = (await readFile(join(folder, 'SHA256SUMS'), 'utf8')).trimEnd().split('\n');
    if (lines.length !== record.artifacts.length) problems.push(`${release} and its SHA256SUMS differ`);
    for (const other of ['RELEASE.md', 'objects.json']) await stat(join(folder, other));
    return problems;
  } catch (error) {
    return [`${release} is listed, and then: ${String(error)}`];
  }
}
