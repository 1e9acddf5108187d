import { stat } from 'node:fs/promises';
import { basename, dirname, join, relative, sep } from 'node:path';
import { UsageError } from '../errors.ts';
import type { Access } from '../manifest/manifest.ts';
import { formatSource } from '../sources/parse-source.ts';
import { artifactIds } from './artifact-ids.ts';
import { guessKind } from './artifact-kind.ts';
import { faultOfFile, findLocalFiles, type SkippedFile } from './local-files.ts';
import { type DraftArtifact, draftText } from './manifest-draft.ts';

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
 * A manifest for files on this machine. Sizes and digests are not in it: `lock` fills them in.
 * @throws UsageError when nothing is there that could be an artifact, or when it does not lie below the manifest.
 */
export async function manifestFromDirectory(request: DirectoryRequest): Promise<WrittenManifest> {
  const { directory, manifestDirectory } = request;
  const single = (await stat(directory)).isFile();
  const root = single ? dirname(directory) : directory;
  const { files, skipped } = single ? await oneFile(directory) : await findLocalFiles(directory, request.globs);
  if (files.length === 0) throw nothingThere(directory, skipped);
  const text = draftText({ ...request, artifacts: localArtifacts(root, files, manifestDirectory) });
  return { text, artifacts: files.length, skipped };
}

/**
 * Artifacts for local files, their sources relative to the manifest's folder.
 * @param root folder that the artifacts' own paths start from.
 * @param files paths relative to `root`.
 * @throws UsageError when a file does not lie below the manifest's folder.
 */
export function localArtifacts(root: string, files: readonly string[], manifestDirectory: string): DraftArtifact[] {
  const ids = artifactIds(files);
  return files.map((file, index) => {
    const path = relative(manifestDirectory, join(root, file)).split(sep).join('/');
    if (path.startsWith('../') || path.startsWith('/') || /^[A-Za-z]:/.test(path)) {
      throw new UsageError(`${file} does not lie below the folder of the manifest`, {
        hint: 'file: sources lie below the manifest: put the manifest into a folder above the files, with --output.',
      });
    }
    const uri = formatSource({ scheme: 'file', uri: '', path });
    return { id: ids[index] ?? file, kind: guessKind(file), file, sources: [uri] };
  });
}

async function oneFile(path: string): Promise<{ files: string[]; skipped: SkippedFile[] }> {
  const file = basename(path);
  const reason = await faultOfFile(path);
  return reason === undefined ? { files: [file], skipped: [] } : { files: [], skipped: [{ file, reason }] };
}

function nothingThere(directory: string, skipped: readonly SkippedFile[]): UsageError {
  const reasons = skipped.slice(0, 5).map(({ file, reason }) => `${file} ${reason}`);
  return new UsageError(`${basename(directory)} holds nothing that could be an artifact`, {
    hint: reasons.length === 0 ? 'Name a folder with files, or other patterns.' : `Left out: ${reasons.join('; ')}.`,
  });
}
