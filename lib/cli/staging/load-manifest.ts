import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { Sha256 } from '../../core/digest/sha256.ts';
import { InvalidFile, UsageError } from '../../core/errors.ts';
import { noDigest } from '../../core/manifest/artifact-findings.ts';
import type { Manifest } from '../../core/manifest/manifest.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import type { CommandContext } from '../command-context.ts';

/** A manifest file that was read and found valid. */
export interface LoadedManifest {
  /** As the user wrote it. */
  readonly file: string;
  /** Absolute folder that `file:` sources are relative to. */
  readonly directory: string;
  /** Of the file's bytes. */
  readonly sha256: Sha256;
  readonly manifest: Manifest;
  /** What is not wrong but should be known, one line each. */
  readonly warnings: readonly string[];
}

/**
 * Reads all of them before it judges any.
 * @throws UsageError when a file cannot be read.
 * @throws InvalidFile with every problem of every file.
 */
export async function loadManifests(
  context: CommandContext,
  files: readonly string[],
): Promise<readonly LoadedManifest[]> {
  const results = await Promise.allSettled(files.map((file) => loadManifest(context, file)));
  const errors = results.flatMap((result) => (result.status === 'rejected' ? [result.reason] : []));
  const invalid = errors.filter((error) => error instanceof InvalidFile);
  const other = errors.find((error) => !(error instanceof InvalidFile));
  if (other !== undefined) throw other;
  if (invalid.length > 1) {
    throw new InvalidFile(
      invalid.map(({ message }) => message).join('; '),
      invalid.flatMap(({ problems }) => problems),
    );
  }
  if (invalid[0] !== undefined) throw invalid[0];
  return results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
}

/**
 * @throws UsageError when the file cannot be read.
 * @throws InvalidFile with every problem of the file.
 */
export async function loadManifest(context: CommandContext, file: string): Promise<LoadedManifest> {
  const path = resolve(context.cwd, file);
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code;
    const reason = code === 'ENOENT' ? 'there is no such file' : code === 'EISDIR' ? 'it is a folder' : String(code);
    throw new UsageError(`${file} cannot be read: ${reason}`, { cause });
  }
  const directory = dirname(path);
  const { manifest, problems } = parseManifest(bytes, {
    file,
    directory,
    placeholders: context.configuration.placeholders,
  });
  const warnings = problems
    // What the run says of the artifact itself: unresolved.
    .filter(({ message }) => message !== noDigest)
    .map(({ line, field, message }) => `${file}:${line}: ${field}: ${message}`);
  return { file, directory, sha256: Sha256.ofBytes(bytes), manifest, warnings };
}
