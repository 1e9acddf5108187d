import { randomUUID } from 'node:crypto';
import { mkdir, readFile, rename, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { releaseKey } from '../../contract/keys.ts';
import { Sha256 } from '../digest/sha256.ts';
import { NotFound } from '../errors.ts';
import { checkRelease } from '../mirror/check-release.ts';
import type { LoadedRelease } from '../mirror/load-release.ts';
import { MirrorDamaged } from '../mirror/mirror-errors.ts';
import { parseRecord } from '../mirror/read-record.ts';
import { isVersionName, type ReleaseRef, releaseName } from '../mirror/release-ref.ts';
import { type Release, releaseSchema } from '../registry/records.ts';
import type { PullRoot } from './pull-root.ts';

/** A release record as an earlier pull left it on this machine. */
export interface KeptRecord {
  readonly release: Release;
  /** When it was last seen at its mirror. */
  readonly keptAt: Date;
}

/** Keeps a copy of a release record, so that its files can be proven without the mirror. */
export async function keepRecord(root: PullRoot, loaded: LoadedRelease, isLatest: boolean): Promise<void> {
  const { collection, version, bytes } = loaded;
  await writeWhole(root.recordPath(collection, `${version}.json`), bytes);
  if (isLatest) await writeWhole(root.recordPath(collection, 'latest'), version);
}

/**
 * @throws NotFound when no pull into this folder ever saw the release
 * @throws MirrorDamaged for a copy that was edited or cut
 */
export async function readKeptRecord(root: PullRoot, ref: ReleaseRef): Promise<KeptRecord> {
  const { collection } = ref;
  const version = ref.version ?? (await readText(root.recordPath(collection, 'latest')))?.trim();
  const name = releaseName(collection, version ?? 'latest');
  const path =
    version !== undefined && isVersionName(version) ? root.recordPath(collection, `${version}.json`) : undefined;
  const text = path === undefined ? undefined : await readText(path);
  if (version === undefined || path === undefined || text === undefined) {
    throw new NotFound(`${name} was never pulled into this folder`, { hint: 'pull it once with a connection' });
  }
  const bytes = Buffer.from(text);
  const release = parseRecord(bytes, releaseSchema, 'weighbridge/release/1', `the kept record of ${name}`);
  const entry = {
    release: releaseKey(collection, version),
    content: release.content,
    sha256: Sha256.ofBytes(bytes).hex,
    bytes: release.artifacts.reduce((sum, artifact) => sum + artifact.size, 0),
    artifacts: release.artifacts.length,
    publishedAt: '',
  };
  const [fault] = checkRelease(bytes, { collection, version, entry }, undefined).faults;
  if (fault !== undefined) throw new MirrorDamaged(`the kept record of ${name} does not hold: ${fault.message}`);
  return { release, keptAt: (await stat(path)).mtime };
}

async function readText(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    throw error;
  }
}

/** Written aside and renamed: another process never reads half of it. */
async function writeWhole(path: string, bytes: Uint8Array | string): Promise<void> {
  await mkdir(dirname(path), { recursive: true });
  const aside = `${path}.${randomUUID()}.tmp`;
  await writeFile(aside, bytes);
  await rename(aside, path);
}
