import { existsSync } from 'node:fs';
import { join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { pathBelow } from '../../core/author/local-sources.ts';

/**
 * Where an editor finds the schema of a file, relative to the file's folder: in this checkout, or in the installed
 * package. Undefined where neither lies below the working folder: no absolute path belongs in a manifest.
 * @param name of the schema; that of manifests by default
 */
export function schemaReference(directory: string, cwd: string, name = 'manifest.schema.json'): string | undefined {
  const file = `schema/${name}`;
  if (directory !== cwd && pathBelow(cwd, directory) === undefined) return undefined;
  const installed = join(cwd, 'node_modules', 'weighbridge', file);
  // Three folders up from lib/cli/authoring in the checkout, one more from dist/lib/cli/authoring in the package.
  const up = import.meta.url.endsWith('.ts') ? '../../..' : '../../../..';
  const own = fileURLToPath(new URL(`${up}/${file}`, import.meta.url));
  const path = [installed, own].find((candidate) => pathBelow(cwd, candidate) !== undefined && existsSync(candidate));
  return path === undefined ? undefined : relative(directory, path).split(sep).join('/');
}
