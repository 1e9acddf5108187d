import { privateFolder, reservedFiles } from '../../contract/keys.ts';
import { fileNameProblem } from '../manifest/file-name.ts';
import { foldName } from '../manifest/fold-name.ts';

/**
 * Why a record's file name may not become a path on this disk, worded to follow the name; undefined for a safe one.
 * The rules of manifests, applied again: a mirror may be hostile, and its registry was not written by our parser.
 */
export function fileNameFault(file: string): string | undefined {
  const problem = fileNameProblem(file);
  if (problem !== undefined) return `cannot be a file name: ${problem}`;
  if ((reservedFiles as readonly string[]).includes(file)) return 'is a name of the mirror itself';
  if (foldName(file.split('/', 1)[0] ?? '') === privateFolder) return 'lies in the private folder';
  return undefined;
}
