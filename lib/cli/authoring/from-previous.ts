import { readFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { manifestFromPrevious, nextManifestPath } from '../../core/author/manifest-from-previous.ts';
import { UsageError } from '../../core/errors.ts';
import { parseManifest } from '../../core/manifest/parse-manifest.ts';
import type { CommandContext } from '../command-context.ts';
import type { NewManifest, NewRequest } from './new-manifest.ts';

/** The next version's manifest, beside the last one's unless the author says otherwise. */
export async function fromPrevious(context: CommandContext, request: NewRequest): Promise<NewManifest> {
  const file = request.from ?? '';
  const oldPath = resolve(context.cwd, file);
  const bytes = await readFile(oldPath).catch((cause: NodeJS.ErrnoException) => {
    throw new UsageError(`${file} cannot be read: ${cause.code === 'ENOENT' ? 'there is no such file' : cause.code}`, {
      cause,
    });
  });
  const { placeholders } = context.configuration;
  const { text, manifest } = parseManifest(bytes, {
    file,
    directory: dirname(oldPath),
    placeholders,
    beforeLock: true,
  });
  if (manifest.version === request.version && manifest.collection === request.collection) {
    throw new UsageError(`${file} is ${request.collection}@${request.version} already`, {
      hint: 'Take a new version.',
    });
  }
  const path =
    request.output === undefined
      ? nextManifestPath(oldPath, manifest.version, request.version)
      : resolve(context.cwd, request.output);
  const next = manifestFromPrevious(text, manifest, { ...request, from: dirname(oldPath), to: dirname(path) });
  const notes = next.pinned.map(
    (uri) => `${uri} is still what ${manifest.version} was made from; name the new revision`,
  );
  return { path, text: next.text, skipped: [], notes };
}
