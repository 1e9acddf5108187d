import { reservedFiles } from '../../contract/keys.ts';
import type { FieldPath } from './field-path.ts';
import { foldName } from './fold-name.ts';
import type { Finding } from './problem-list.ts';

export interface NamedFile {
  readonly file: string;
  readonly path: FieldPath;
}

/** A reserved name may be folded to by a file system that ignores case, so `sha256sums` is taken too. */
const reserved = new Map(reservedFiles.map((name) => [foldName(name), name]));

/**
 * Files that cannot stand in one release: equal ones, ones that a file system would fold together, a file that is
 * another's directory, and names that the release's own records have.
 */
export function fileCollisions(files: readonly NamedFile[]): Finding[] {
  const findings: Finding[] = [];
  const taken = new Map<string, string>();
  for (const { file, path } of files) {
    const folded = foldName(file);
    const other = taken.get(folded);
    const record = reserved.get(folded.split('/', 1)[0] ?? '');
    if (record !== undefined) {
      findings.push({ path, message: `${record} is a record of the release; take another name` });
    } else if (other !== undefined) {
      findings.push({ path, message: sameName(file, other) });
    } else taken.set(folded, file);
  }
  for (const { file, path } of files) {
    const folded = foldName(file);
    for (let cut = folded.indexOf('/'); cut >= 0; cut = folded.indexOf('/', cut + 1)) {
      const other = taken.get(folded.slice(0, cut));
      if (other === undefined) continue;
      findings.push({ path, message: `"${short(other)}" is a file here, so it cannot be a folder too` });
    }
  }
  return findings;
}

/** Ids and aliases that are given twice; programs look both up. */
export function idCollisions(ids: readonly { readonly id: string; readonly path: FieldPath }[]): Finding[] {
  const seen = new Set<string>();
  const findings: Finding[] = [];
  for (const { id, path } of ids) {
    if (seen.has(id))
      findings.push({ path, message: 'this id is given a second time (ids and aliases share their names)' });
    seen.add(id);
  }
  return findings;
}

function sameName(file: string, other: string): string {
  if (file === other) return 'another artifact has this file already';
  return `differs from "${short(other)}" only by case or Unicode form; many file systems make them one`;
}

function short(name: string): string {
  return name.length <= 60 ? name : `${name.slice(0, 59)}…`;
}
