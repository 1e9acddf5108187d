import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, resolve } from 'node:path';

export const root = join(import.meta.dirname, '../..');

export interface SourceFile {
  /** Relative to the root of the project, with slashes. */
  readonly path: string;
  readonly text: string;
}

/** Every file with one of the endings below the folders. Folders that do not exist are empty. */
export function sourceFiles(folders: readonly string[], endings: readonly string[]): SourceFile[] {
  return folders.flatMap((folder) =>
    filesBelow(join(root, folder))
      .filter((path) => endings.some((ending) => path.endsWith(ending)))
      .map((path) => ({ path: relative(root, path).replaceAll('\\', '/'), text: readFileSync(path, 'utf8') })),
  );
}

/** What a module imports, types included: relative ones as paths from the root, others as written. */
export function importsOf(file: SourceFile): string[] {
  const pattern =
    /(?:\bfrom|\bimport)\s*\(?\s*(['"])([^'"\n]+)\1|new URL\(\s*(['"])([^'"\n]+)\3\s*,\s*import\.meta\.url/g;
  return [...file.text.matchAll(pattern)]
    .map((match) => match[2] ?? match[4] ?? '')
    .map((name) => (name.startsWith('.') ? relative(root, resolve(root, dirname(file.path), name)) : name));
}

function filesBelow(folder: string): string[] {
  try {
    return readdirSync(folder, { withFileTypes: true, recursive: true })
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
