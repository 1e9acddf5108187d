import { stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Access } from '../manifest/manifest.ts';
import { faultOfFile, findLocalFiles, type SkippedFile } from './local-files.ts';
import { localSources } from './local-sources.ts';
import { draftText } from './manifest-draft.ts';
import { nameArtifacts } from './name-artifacts.ts';

export interface DirectoryRequest {
  readonly collection: string;
  readonly version: string;
  readonly access: Access;
  /** Folder of the files, or one file; absolute. */
  readonly directory: string;
  /** Patterns relative to `directory`; none means every file. */
  readonly globs?: readonly string[];
  /** Folder that the manifest will lie in; absolute. `file:` sources are relative to it and stay below it. */
  readonly manifestDirectory: string;
  /** SPDX expression. */
  readonly license?: string | undefined;
  /** Where an editor finds the JSON schema, relative to the manifest. */
  readonly schema?: string | undefined;
}

export interface WrittenManifest {
  readonly text: string;
  readonly artifacts: number;
  /** Files that are not in it. */
  readonly skipped: readonly SkippedFile[];
}

/**
 * A manifest for files on this machine. Digests are not in it: `lock` fills them in.
 * @throws UsageError when nothing is there that could be an artifact, or when it does not lie below the manifest.
 */
export async function manifestFromDirectory(request: DirectoryRequest): Promise<WrittenManifest> {
  const { root, files, skipped } = await filesAt(request.directory, request.globs);
  if (files.length === 0) throw nothingToTake(request.directory, skipped);
  const artifacts = nameArtifacts(await localSources(root, files, request.manifestDirectory));
  return { text: draftText({ ...request, artifacts }), artifacts: files.length, skipped };
}

export interface FoundFiles {
  /** Folder that the paths are relative to; absolute. */
  readonly root: string;
  readonly files: readonly string[];
  readonly skipped: readonly SkippedFile[];
}

/** The files of a folder, or one file. */
export async function filesAt(path: string, globs: readonly string[] = []): Promise<FoundFiles> {
  if ((await stat(path)).isDirectory()) return { root: path, ...(await findLocalFiles(path, globs)) };
  const file = basename(path);
  const reason = await faultOfFile(path);
  const found = reason === undefined ? { files: [file], skipped: [] } : { files: [], skipped: [{ file, reason }] };
  return { root: dirname(path), ...found };
}

/** The error for a folder without artifacts; says what was left out. */
export function nothingToTake(path: string, skipped: readonly SkippedFile[]): UsageError {
  const reasons = skipped.slice(0, 5).map(({ file, reason }) => `${file} ${reason}`);
  return new UsageError(`${basename(path)} holds nothing that could be an artifact`, {
    hint: reasons.length === 0 ? 'Name a folder with files, or other patterns.' : `Left out: ${reasons.join('; ')}.`,
  });
}
