import { stat } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { ImportedManifest } from '../../core/import/importer.ts';

/** Where manifests go: one file, or a folder of them. */
export interface ImportTarget {
  /** Folder that manifests with `file:` sources lie in; absolute. */
  readonly directory: string;
  /** Is it one file, whatever the release is called? */
  readonly fixed: boolean;
  /** Absolute path of the manifest of a release, whose name was checked. */
  pathFor(release: { readonly collection: string; readonly version: string }, imported: ImportedManifest): string;
}

/**
 * By `--output`: a file, or a folder where it is one or ends in a slash. Else by convention
 * manifests/COLLECTION/VERSION.yaml; beside the input where the manifest has `file:` sources, which lie below it.
 */
export async function importTarget(cwd: string, input: string, output: string | undefined): Promise<ImportTarget> {
  if (output !== undefined) {
    const path = resolve(cwd, output);
    if (!/[\\/]$/.test(output) && !(await isFolder(path)))
      return { directory: dirname(path), fixed: true, pathFor: () => path };
    return { directory: path, fixed: false, pathFor: (release) => join(path, fileName(release)) };
  }
  const local = /^[a-z0-9]+:\/\//i.test(input) ? undefined : resolve(cwd, input.replace(/^file:/, ''));
  const directory = local === undefined || local === cwd ? cwd : dirname(local);
  return {
    directory,
    fixed: false,
    pathFor: (release, imported) => {
      const beside = imported.artifacts.some(({ sources }) => sources.some((source) => source.startsWith('file:')));
      if (beside) return join(directory, fileName(release));
      return join(cwd, 'manifests', release.collection, `${release.version}.yaml`);
    },
  };
}

function fileName({ collection, version }: { readonly collection: string; readonly version: string }): string {
  return `${collection}-${version}.yaml`;
}

async function isFolder(path: string): Promise<boolean> {
  const found = await stat(path).catch(() => undefined);
  return found?.isDirectory() === true;
}
