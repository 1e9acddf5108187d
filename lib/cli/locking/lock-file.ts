import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { UsageError } from '../../core/errors.ts';
import { type LockResult, lockManifest } from '../../core/lock/lock-manifest.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import { defaultRetryPolicy } from '../../core/retry.ts';
import { openSource } from '../../core/sources/open-source.ts';
import type { CommandContext } from '../command-context.ts';
import { replaceFile } from '../replace-file.ts';
import { sourcePorts } from '../source-ports.ts';

/** Artifacts at the same time, unless somebody says otherwise. */
const defaultConcurrency = 8;

export interface LockFileOptions {
  /** Write nothing. */
  readonly check: boolean;
  readonly concurrency: number | undefined;
}

/**
 * Locks one manifest file and writes it, also when some of its artifacts failed.
 * @throws UsageError when it cannot be read, or was edited by somebody else meanwhile; nothing is written then.
 * @throws InvalidFile when it is no manifest.
 */
export async function lockFile(
  context: CommandContext,
  file: string,
  options: LockFileOptions,
): Promise<LockResult & { readonly changed: boolean }> {
  const path = resolve(context.cwd, file);
  const before = await readFile(path).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.code}`, {
      cause,
    });
  });
  const directory = dirname(path);
  const { placeholders, concurrency } = context.configuration;
  const { manifest, text } = parseManifest(before, { file, directory, placeholders, beforeLock: true });
  const ports = await sourcePorts(context, directory, undefined);
  const result = await lockManifest(
    { file, text, manifest },
    {
      openSource: (ref, spec) => openSource(ref, ports, spec),
      clock: context.clock,
      reporter: context.reporter,
      signal: context.signal,
      retry: defaultRetryPolicy,
      concurrency: options.concurrency ?? concurrency ?? defaultConcurrency,
    },
  );
  const changed = result.text !== text;
  if (changed && !options.check) {
    // The parser takes a byte order mark away; the file keeps it.
    const mark = before.subarray(0, 3).equals(Buffer.from('\ufeff')) ? '\ufeff' : '';
    if (!(await replaceFile(path, before, mark + result.text))) {
      throw new UsageError('was edited while it was being locked; nothing was written, run lock again');
    }
  }
  return { ...result, changed };
}
