import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import type { ExistingManifest } from '../../core/import/merge-manifest.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import { replaceFile } from '../replace-file.ts';

/** A manifest file as it was when it was read. */
export interface ManifestFile {
  /** Absolute. */
  readonly path: string;
  /** How messages name it. */
  readonly shown: string;
  /** Undefined where there is none yet. */
  readonly bytes: Buffer | undefined;
  readonly existing: ExistingManifest | undefined;
}

/** @throws InvalidFile when something is there that is no manifest; UsageError when it cannot be read. */
export async function readManifestFile(
  path: string,
  shown: string,
  placeholders: readonly string[],
): Promise<ManifestFile> {
  const bytes = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code === 'ENOENT') return undefined;
    throw new UsageError(`${shown} cannot be read: ${cause.code}`, { cause });
  });
  if (bytes === undefined) return { path, shown, bytes, existing: undefined };
  const existing = parseManifest(bytes, { file: shown, directory: dirname(path), placeholders, beforeLock: true });
  return { path, shown, bytes, existing };
}

/**
 * Writes the text where it differs from what was read.
 * @throws UsageError, with nothing written, when somebody else wrote the file meanwhile.
 */
export async function writeManifestFile(
  { path, shown, bytes, existing }: ManifestFile,
  text: string,
): Promise<boolean> {
  if (text === existing?.text) return false;
  if (bytes === undefined) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, text, { flag: 'wx' }).catch((cause: NodeJS.ErrnoException) => {
      throw cause.code === 'EEXIST' ? editedMeanwhile(shown) : cause;
    });
    return true;
  }
  // The parser takes a byte order mark away; the file keeps it.
  const mark = bytes.subarray(0, 3).equals(Buffer.from('\ufeff')) ? '\ufeff' : '';
  if (!(await replaceFile(path, bytes, mark + text))) throw editedMeanwhile(shown);
  return true;
}

function editedMeanwhile(shown: string): UsageError {
  return new UsageError(`${shown} was edited meanwhile; nothing was written, import again`);
}
